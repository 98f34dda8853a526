#pragma once

#include <optional>
#include <string>

namespace argsearch {

/// A shared library that stays mapped until the process ends: engine threads may outlive every owner we could name.
class Library {
 public:
  /// Opens an absolute UTF-8 path; ENGINE_INCOMPATIBLE with the loader's own words when it fails.
  static Library open(const std::string& path);

  /// The library that holds a function; nullopt when the system does not say.
  static std::optional<Library> holding(void* function);

  /// The symbol's address, or null.
  void* symbol(const char* name) const;

 private:
  explicit Library(void* handle) : handle_(handle) {}
  void* handle_;
};

/// Keeps the addon itself mapped, too: Node unloads an addon when the last thread that had loaded it ends, but the
/// engine goes on and knows functions of ours.
void pin_addon();

}  // namespace argsearch

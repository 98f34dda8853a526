#pragma once

#include <optional>
#include <string>

namespace argsearch {

/// A shared library. It is closed with its object, unless it was kept: then it stays mapped until the process ends,
/// because engine threads may outlive every owner we could name.
class Library {
 public:
  /// Opens an absolute UTF-8 path; ENGINE_INCOMPATIBLE with the loader's own words when it fails.
  static Library open(const std::string& path);
  ~Library();
  Library(Library&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  Library& operator=(Library&&) = delete;

  /// The library that holds a function; nullopt when the system does not say.
  static std::optional<Library> holding(void* function);

  void keep() { handle_ = nullptr; }

  /// The symbol's address, or null. Except on Windows, libraries that this one depends on are searched, too.
  void* symbol(const char* name) const;

 private:
  explicit Library(void* handle) : handle_(handle) {}
  void* handle_;
};

/// UTF-8 path of the library that holds an address; "" where none does, or the system does not tell.
std::string library_of(void* address);

/// Keeps the library that holds a function mapped until the process ends; false where no library does. Node unloads an
/// addon when the last thread that had loaded it ends, but the engine goes on and knows functions of it.
bool pin_library_of(void (*function)());

}  // namespace argsearch

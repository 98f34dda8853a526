#pragma once

#include <string>

namespace argsearch {

/// What llama.cpp has no code for, and only says in its log.
enum class EngineFailure {
  kOther,
  kUnknownArchitecture,
  kOutOfMemory,
  /// The KV cache cannot have this type with this model.
  kCacheType,
  kUnwritable,
  kAssertion,
};

/// The failure that logged text, or an exception's, tells of.
EngineFailure failure_in(const std::string& text);

/// Whether a line only says that an outer function has failed, too.
bool is_outer_failure(const std::string& line);

}  // namespace argsearch

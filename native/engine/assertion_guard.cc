#include "engine/assertion_guard.h"

#include <atomic>
#include <cstdio>

#include "engine/log.h"

namespace argsearch {
namespace {

#if defined(_WIN32) && !defined(_MSC_VER)
constexpr bool kCanThrow = false;
#else
constexpr bool kCanThrow = true;
#endif

thread_local int guards = 0;
std::atomic<void (*)(const char*)> previous_callback{nullptr};

/// Without the directories of whoever built the engine: "llama-vocab.cpp:2501: GGML_ASSERT(…) failed".
std::string shortened(const std::string& message) {
  const size_t slash = message.substr(0, message.find(": ")).find_last_of("/\\");
  return slash == std::string::npos ? message : message.substr(slash + 1);
}

}  // namespace

AssertionGuard::AssertionGuard() { ++guards; }
AssertionGuard::~AssertionGuard() { --guards; }

void set_previous_assertion_callback(void (*previous)(const char*)) { previous_callback = previous; }

void assertion_from_engine(const char* message) {
  if (kCanThrow && guards > 0) throw EngineAssertion(shortened(message));
  // The engine ends the process now. Why is in its log, which may be silent, or on its way to a thread that will not
  // come to read it.
  const std::string errors = last_errors();
  const bool whole_line = errors.empty() || errors.back() == '\n';
  std::fprintf(stderr, "%s%s%s\n", errors.c_str(), whole_line ? "" : "\n", message);
  std::fflush(stderr);
  if (const auto previous = previous_callback.load()) previous(message);
}

}  // namespace argsearch

#pragma once

#include <stdexcept>
#include <string>

namespace argsearch {

/// A failed GGML_ASSERT or a GGML_ABORT, as an exception.
class EngineAssertion : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// While it lives, what the engine asserts on this thread is thrown as EngineAssertion instead of ending the process.
/// llama.cpp's own handlers around loading and context creation turn it into a null result; elsewhere it passes
/// through. Never around a compute graph: its other threads would wait for the one that threw. Without effect where the
/// engine's C++ runtime is another one than the addon's (Windows, unless built by MSVC).
class AssertionGuard {
 public:
  AssertionGuard();
  ~AssertionGuard();
  AssertionGuard(const AssertionGuard&) = delete;
  AssertionGuard& operator=(const AssertionGuard&) = delete;
};

/// The engine's callback (ggml_set_abort_callback). What no guard covers ends the process: it is written to standard
/// error, with the errors that the engine had logged before, and goes to `previous`, when there was one.
void assertion_from_engine(const char* message);
void set_previous_assertion_callback(void (*previous)(const char* message));

}  // namespace argsearch

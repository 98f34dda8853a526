#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

// As much of a test framework as the native tests need: each TEST is listed, and run by its name in a process of its
// own.

namespace argsearch::test {

struct Test {
  const char* name;
  std::function<void()> body;
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

struct Registration {
  Registration(const char* name, std::function<void()> body) { tests().push_back({name, std::move(body)}); }
};

/// Directory of the engine's libraries, a GGUF with a reward head, and a small one of a hybrid model: the program's
/// arguments.
const std::string& engine_dir();
const std::string& model_path();
const std::string& recurrent_path();

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

}  // namespace argsearch::test

#define ARGSEARCH_JOIN_(a, b) a##b
#define ARGSEARCH_JOIN(a, b) ARGSEARCH_JOIN_(a, b)
#define TEST(name)                                                                                                     \
  static void ARGSEARCH_JOIN(test_, __LINE__)();                                                                       \
  static const argsearch::test::Registration ARGSEARCH_JOIN(registration_, __LINE__)(name,                             \
                                                                                     ARGSEARCH_JOIN(test_, __LINE__)); \
  static void ARGSEARCH_JOIN(test_, __LINE__)()
#define CHECK(condition)                                                                \
  do {                                                                                  \
    if (!(condition)) argsearch::test::fail(__FILE__, __LINE__, "not so: " #condition); \
  } while (false)
/// `expression` throws an Error of this code.
#define CHECK_FAILS(expression, expected)                                                     \
  do {                                                                                        \
    bool failed = false;                                                                      \
    try {                                                                                     \
      static_cast<void>(expression);                                                          \
    } catch (const argsearch::Error& error) {                                                 \
      failed = error.code() == (expected);                                                    \
    }                                                                                         \
    if (!failed) argsearch::test::fail(__FILE__, __LINE__, "no " #expected ": " #expression); \
  } while (false)

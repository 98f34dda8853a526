// core_tests                                             lists the tests
// core_tests NAME ENGINE_DIR MODEL.gguf RECURRENT.gguf   runs one; a failure is told on standard error

#include <cstdio>
#include <exception>

#include "check.h"

namespace argsearch::test {
namespace {

std::string engine;
std::string model;
std::string recurrent;

int run(const std::string& name) {
  for (const Test& test : tests()) {
    if (name != test.name) continue;
    try {
      test.body();
      return 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      return 1;
    }
  }
  std::fprintf(stderr, "there is no test \"%s\"\n", name.c_str());
  return 1;
}

}  // namespace

const std::string& engine_dir() { return engine; }
const std::string& model_path() { return model; }
const std::string& recurrent_path() { return recurrent; }

}  // namespace argsearch::test

int main(int argc, char** argv) {
  using namespace argsearch::test;
  if (argc < 5) {
    for (const Test& test : tests()) std::printf("%s\n", test.name);
    return 0;
  }
  engine = argv[2];
  model = argv[3];
  recurrent = argv[4];
  return run(argv[1]);
}

// The rivals of the speed benchmark that are llama.cpp itself, in a process of their own. Reads commands, a line each:
//
//   prompt TOKEN...      what all go on from
//   fill RIVAL           its caches hold the prompt; the reply is {}
//   run RIVAL TOKEN...   steps that commit these tokens; the reply is {"ms":…,"policy":…}, milliseconds a step
//
//   raw_bench ENGINE_DIR POLICY.gguf REWARD.gguf CELLS K THREADS

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "raw_loop.h"

namespace argsearch {
namespace {

struct Arguments {
  std::string engine;
  std::string policy;
  std::string reward;
  uint32_t cells;
  size_t k;
  int threads;
};

using Rivals = std::map<std::string, std::unique_ptr<RawLoop>>;

/// Made when they are first asked for: each takes memory and prefill.
class Field {
 public:
  explicit Field(const Arguments& arguments) : arguments_(arguments) {
    open_engine(arguments.engine);
    policy_ = load(arguments.policy);
    reward_ = arguments.reward == arguments.policy ? policy_ : load(arguments.reward);
  }

  RawLoop& operator[](const std::string& name) {
    std::unique_ptr<RawLoop>& rival = rivals_[name];
    if (!rival) rival = make(name);
    return *rival;
  }

 private:
  std::unique_ptr<RawLoop> make(const std::string& name) const {
    // ggml's threads without a pool, which llama_decode starts and joins; then pools whose idle threads sleep at once,
    // or spin as long as they do in ggml's own tools.
    if (name == "no-pool") return loop(nullptr, Reading::kLogits);
    if (name == "poll-0") return loop(pool(0), Reading::kLogits);
    if (name == "poll-50") return loop(pool(50), Reading::kLogits);
    if (name == "norm") return loop(pool(50), Reading::kNorm);
    if (name == "plain") return loop(pool(50), Reading::kNothing);
    throw std::runtime_error("no rival is called " + name);
  }

  std::unique_ptr<RawLoop> loop(std::shared_ptr<Threadpool> pool, Reading reading) const {
    ContextSettings settings;
    settings.threads = arguments_.threads;
    settings.interrupt = std::make_shared<Interrupt>();
    settings.shared_threads = SharedThreads::always(arguments_.threads, std::move(pool));
    return std::make_unique<RawLoop>(policy_, reward_, settings, arguments_.cells, arguments_.k, reading);
  }

  std::shared_ptr<Threadpool> pool(uint32_t poll) const { return Threadpool::create(arguments_.threads, poll); }

  static std::shared_ptr<const Model> load(const std::string& path) {
    return Model::load({path, 0, "CPU"}, [](float) { return true; });
  }

  Arguments arguments_;
  std::shared_ptr<const Model> policy_;
  std::shared_ptr<const Model> reward_;
  Rivals rivals_;
};

std::vector<llama_token> tokens_in(std::istream& words) {
  std::vector<llama_token> tokens;
  for (llama_token token; words >> token;) tokens.push_back(token);
  return tokens;
}

void serve(const Arguments& arguments) {
  Field field(arguments);
  std::vector<llama_token> prompt;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, name;
    words >> command;
    if (command == "prompt") {
      prompt = tokens_in(words);
      std::printf("{}\n");
    } else if (command == "fill") {
      words >> name;
      field[name].fill(prompt);
      std::printf("{}\n");
    } else if (command == "run") {
      words >> name;
      const StepMs step = field[name].run(tokens_in(words));
      std::printf("{\"ms\":%.4f,\"policy\":%.4f}\n", step.total, step.policy);
    } else {
      throw std::runtime_error("unknown command " + command);
    }
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace argsearch

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: raw_bench ENGINE_DIR POLICY.gguf REWARD.gguf CELLS K THREADS\n");
    return 2;
  }
  const auto number = [&](int i) { return std::strtoul(argv[i], nullptr, 10); };
  try {
    argsearch::serve(
        {argv[1], argv[2], argv[3], static_cast<uint32_t>(number(4)), number(5), static_cast<int>(number(6))});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "raw_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}

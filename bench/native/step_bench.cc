// One step of the search against what llama.cpp does without it: a policy decode of one token plus a raw decode of k
// branch tokens with logits, over the same prefix. Both in one process, alternating, medians. Prints one JSON object.
//
//   step_bench ENGINE_DIR POLICY.gguf REWARD.gguf [prefix 200] [k 10] [threads 2] [repeats 30]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "search/search.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

/// The threads of a pool that has just worked sleep: the next rival is to have the cores to itself.
void rest(const ContextSettings& settings) {
  if (settings.shared_threads != nullptr) settings.shared_threads->rest();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
}

struct Arguments {
  std::string engine;
  std::string policy;
  std::string reward;
  size_t prefix = 200;
  size_t k = 10;
  int threads = 2;
  size_t repeats = 30;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<llama_token> random_tokens(size_t count, int32_t n_vocab) {
  std::mt19937 random(1);
  std::vector<llama_token> tokens;
  for (size_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<llama_token>(random() % static_cast<unsigned>(n_vocab)));
  return tokens;
}

/// What a llama.cpp user has without argsearch: logits for every token, branches through sequence copies.
class Raw {
 public:
  Raw(std::shared_ptr<const Model> model, const ContextSettings& settings, const Arguments& arguments)
      : arguments_(arguments),
        context_(std::move(model), settings,
                 ContextShape{static_cast<uint32_t>(arguments.prefix + arguments.k + 8),
                              static_cast<uint32_t>(arguments.k + 1), static_cast<uint32_t>(arguments.k + 1)}) {
    const std::vector<llama_token> tokens = random_tokens(arguments.prefix, context_.model().n_vocab());
    Batch batch;
    for (size_t i = 0; i < tokens.size(); ++i) batch.add(tokens[i], static_cast<llama_pos>(i), 0, false);
    context_.decode(batch);
  }

  /// One token on the prefix, with logits.
  double decode_one() {
    Batch batch;
    batch.add(7, static_cast<llama_pos>(arguments_.prefix), 0, true);
    const Stopwatch watch;
    context_.decode(batch);
    touch(0);
    const double elapsed = watch.milliseconds();
    context_.truncate(0, arguments_.prefix);
    return elapsed;
  }

  /// k branch tokens in one batch, with logits.
  double decode_branches() {
    const Stopwatch watch;
    Batch batch;
    for (size_t i = 0; i < arguments_.k; ++i) {
      const auto sequence = static_cast<llama_seq_id>(i + 1);
      engine().llama_memory_seq_cp(context_.memory(), 0, sequence, -1, -1);
      batch.add(static_cast<llama_token>(11 + i), static_cast<llama_pos>(arguments_.prefix), sequence, true);
    }
    context_.decode(batch);
    touch(static_cast<int32_t>(arguments_.k) - 1);
    const double elapsed = watch.milliseconds();
    for (size_t i = 0; i < arguments_.k; ++i) context_.truncate(static_cast<llama_seq_id>(i + 1), 0);
    return elapsed;
  }

 private:
  void touch(int32_t row) {
    if (engine().llama_get_logits_ith(context_.handle(), row) == nullptr) throw std::runtime_error("no logits");
  }
  Arguments arguments_;
  Context context_;
};

struct Ours {
  double total;
  double decoding;
};

Ours run_step(Search& search, const std::vector<llama_token>& prompt, const Arguments& arguments) {
  SlotSettings settings;
  settings.top_k = arguments.k;
  // The prompt but its last token is cached, so the step runs at the same prefix length every time.
  search.begin(0, prompt, {prompt}, settings);
  const double before = search.counters().decode_ms;
  const StepBatch batch = search.steps().step({0});
  return {batch.total_ms, search.counters().decode_ms - before};
}

void run(const Arguments& arguments) {
  open_engine(arguments.engine);
  const auto load = [](const std::string& path) { return Model::load({path, 0, "CPU"}, [](float) { return true; }); };
  const auto policy = load(arguments.policy);
  const auto reward = load(arguments.reward);
  const auto settings = [&](bool pooled) {
    ContextSettings context;
    context.threads = arguments.threads;
    context.interrupt = std::make_shared<Interrupt>();
    if (pooled) context.shared_threads = SharedThreads::create(arguments.threads);
    return context;
  };
  // Two rivals: llama.cpp as its library comes, and with a thread pool attached, as its own tools run it.
  Raw plain_policy(policy, settings(false), arguments);
  Raw plain_reward(reward, settings(false), arguments);
  const ContextSettings pooled = settings(true);
  const ContextSettings searching = settings(true);
  Raw pooled_policy(policy, pooled, arguments);
  Raw pooled_reward(reward, pooled, arguments);
  SearchSettings search_settings;
  search_settings.policy = policy;
  search_settings.rewards = {{reward, std::vector<double>(reward->head()->n_labels(), 1.0)}};
  search_settings.context_size = static_cast<uint32_t>(arguments.prefix + 64);
  search_settings.context = searching;
  Search search(search_settings);
  const std::vector<llama_token> prompt = random_tokens(arguments.prefix + 1, policy->n_vocab());

  std::vector<double> ours, outside, plain, with_pool, raw_policy, raw_branches;
  for (size_t i = 0; i < arguments.repeats + 3; ++i) {
    const Ours step = run_step(search, prompt, arguments);
    rest(searching);
    const double plain_one = plain_policy.decode_one();
    const double plain_many = plain_reward.decode_branches();
    const double pooled_one = pooled_policy.decode_one();
    const double pooled_many = pooled_reward.decode_branches();
    rest(pooled);
    if (i < 3) continue;  // warm-up
    ours.push_back(step.total);
    outside.push_back((step.total - step.decoding) / step.total);
    plain.push_back(plain_one + plain_many);
    with_pool.push_back(pooled_one + pooled_many);
    raw_policy.push_back(plain_one);
    raw_branches.push_back(plain_many);
  }
  std::printf(
      "{\"prefix\":%zu,\"k\":%zu,\"threads\":%d,\"repeats\":%zu,\"stepMs\":%.2f,\"rawMs\":%.2f,\"rawPolicyMs\":%.2f,"
      "\"rawBranchesMs\":%.2f,\"rawPooledMs\":%.2f,\"ratio\":%.3f,\"ratioPooled\":%.3f,\"outsideDecode\":%.4f}\n",
      arguments.prefix, arguments.k, arguments.threads, arguments.repeats, median(ours), median(plain),
      median(raw_policy), median(raw_branches), median(with_pool), median(ours) / median(plain),
      median(ours) / median(with_pool), median(outside));
}

}  // namespace
}  // namespace argsearch

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: step_bench ENGINE_DIR POLICY.gguf REWARD.gguf [prefix] [k] [threads] [repeats]\n");
    return 2;
  }
  const auto number = [&](int i, size_t fallback) {
    return i < argc ? static_cast<size_t>(std::strtoul(argv[i], nullptr, 10)) : fallback;
  };
  try {
    argsearch::run(
        {argv[1], argv[2], argv[3], number(4, 200), number(5, 10), static_cast<int>(number(6, 2)), number(7, 30)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "step_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}

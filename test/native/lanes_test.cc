#include "context/lanes.h"

#include <atomic>

#include "check.h"
#include "embedded.h"
#include "error.h"

namespace argsearch {
namespace {

ContextSettings settings_of(int threads) {
  open_engine(test::engine_dir());
  ContextSettings settings = test::context_settings();
  settings.threads = threads;
  settings.shared_threads = SharedThreads::create(threads);
  return settings;
}

std::vector<std::unique_ptr<Context>> contexts_of(size_t count, const ContextSettings& settings) {
  const auto model = test::load_model();
  std::vector<std::unique_ptr<Context>> contexts;
  for (size_t i = 0; i < count; ++i) contexts.push_back(std::make_unique<Context>(model, settings, ContextShape{64}));
  return contexts;
}

/// Logits of a prompt of its own.
std::vector<float> logits_of(Context& context, size_t number) {
  context.truncate(0, 0);
  Batch batch;
  for (llama_pos at = 0; at < 6; ++at) batch.add(static_cast<llama_token>(2 + number) + at, at, 0, at == 5);
  context.decode(batch);
  const float* logits = engine().llama_get_logits_ith(context.handle(), 5);
  return {logits, logits + context.model().n_vocab()};
}

TEST("lanes: contexts decode side by side what they decode one after the other, in rounds of any size") {
  for (const int threads : {1, 2, 3, 8}) {
    const ContextSettings settings = settings_of(threads);
    const auto contexts = contexts_of(5, settings);
    Lanes lanes(settings);
    std::vector<std::vector<float>> wanted;
    for (size_t i = 0; i < contexts.size(); ++i) wanted.push_back(logits_of(*contexts[i], i));
    for (const size_t size : {5u, 2u, 1u, 4u, 0u, 3u}) {
      std::vector<std::vector<float>> found(size);
      std::vector<Work> round;
      for (size_t i = 0; i < size; ++i) {
        round.push_back({contexts[i].get(), [&, i] { found[i] = logits_of(*contexts[i], i); }});
      }
      lanes.run(round);
      for (size_t i = 0; i < size; ++i) CHECK(found[i] == wanted[i]);
    }
    for (size_t i = 0; i < contexts.size(); ++i) CHECK(logits_of(*contexts[i], i) == wanted[i]);
  }
}

TEST("lanes: the first failure is thrown when all have come to an end, and the next round is as any other") {
  const ContextSettings settings = settings_of(2);
  const auto contexts = contexts_of(3, settings);
  Lanes lanes(settings);
  std::atomic<int> ended{0};
  std::vector<Work> round;
  for (size_t i = 0; i < contexts.size(); ++i) {
    round.push_back({contexts[i].get(), [&, i] {
                       ++ended;
                       if (i > 0) throw Error(i == 1 ? ErrorCode::kAborted : ErrorCode::kDecodeFailed, "made up");
                     }});
  }
  CHECK_FAILS(lanes.run(round), ErrorCode::kAborted);
  CHECK(ended == 3);
  for (Work& work : round) work.act = [&] { ++ended; };
  lanes.run(round);
  CHECK(ended == 6);
}

}  // namespace
}  // namespace argsearch

#include "engine/shared_threads.h"

#include "check.h"
#include "context/context.h"
#include "embedded.h"

namespace argsearch {
namespace {

using Logits = std::vector<float>;

/// As on a machine where other processes come and go, until a decode is to have fewer. It may be one already.
void disturb(SharedThreads& threads) {
  const int all = threads.all().threads;
  const int source = 0;
  for (int decode = 0; decode < 1000 && threads.team().threads == all; ++decode) {
    const double ms = decode % 2 == 0 ? 1 : 100;
    threads.decoded({&source, 1, ms, ms, false});
  }
  CHECK(threads.team().threads < all);
}

/// A context with threads that it shares, and a prefix.
class Room {
 public:
  Room(std::shared_ptr<SharedThreads> threads, uint32_t cells, llama_pos prefix)
      : shared(std::move(threads)), prefix_(prefix) {
    const auto model = test::load_model();
    ContextSettings settings = test::context_settings(shared->all().threads);
    settings.kv_type = KvType::kF16;
    settings.shared_threads = shared;
    context_ = std::make_unique<Context>(model, settings, ContextShape{cells});
    decode(0, prefix);
  }

  /// Of tokens behind the prefix, which they leave.
  Logits behind_prefix(llama_pos tokens) {
    const size_t row = decode(prefix_, tokens);
    const float* logits = engine().llama_get_logits_ith(context_->handle(), static_cast<int32_t>(row));
    context_->truncate(0, static_cast<size_t>(prefix_));
    Logits found;
    found.assign(logits, logits + context_->model().n_vocab());
    return found;
  }

  std::shared_ptr<SharedThreads> shared;

 private:
  /// The place of the last one, which is read.
  size_t decode(llama_pos from, llama_pos tokens) {
    Batch batch;
    for (llama_pos at = from; at < from + tokens; ++at) batch.add(at % 97 + 2, at, 0, at + 1 == from + tokens);
    context_->decode(batch);
    return batch.size() - 1;
  }

  llama_pos prefix_;
  std::unique_ptr<Context> context_;
};

/// With all threads, with fewer, and with those when they have rested.
void check_same(int most, uint32_t cells, llama_pos prefix, llama_pos tokens) {
  Room quiet(SharedThreads::always(most, Threadpool::create(most)), cells, prefix);
  const Logits all = quiet.behind_prefix(tokens);
  quiet.shared->rest();
  Room room(SharedThreads::create(most), cells, prefix);
  disturb(*room.shared);
  CHECK(room.behind_prefix(tokens) == all);
  room.shared->rest();
  CHECK(room.behind_prefix(tokens) == all);
}

TEST("shared threads: decodes give the same to the last bit with each number of them") {
  open_engine(test::engine_dir());
  for (const int most : {2, 3}) {
    for (const llama_pos tokens : {1, 10, 80}) {
      check_same(most, 256, 100, tokens);
      check_same(most, 300, 270, tokens);
      check_same(most, 600, 300, tokens);
    }
  }
}

TEST("shared threads: those of a pool that is given never change, and one thread is no pool") {
  open_engine(test::engine_dir());
  const std::shared_ptr<SharedThreads> always = SharedThreads::always(2, Threadpool::create(2));
  const int source = 0;
  for (int decode = 0; decode < 100; ++decode) {
    const double ms = decode % 2 == 0 ? 1 : 100;
    always->decoded({&source, 1, ms, ms, false});
    CHECK(always->team().threads == 2);
  }
  CHECK(!SharedThreads::always(2, nullptr));
  CHECK(!SharedThreads::create(1));
  const std::shared_ptr<SharedThreads> pair = SharedThreads::create(2);
  CHECK(pair->team().pool == pair->all().pool);
  disturb(*pair);
  CHECK(pair->team().threads == 1 && pair->team().pool == nullptr);
  CHECK(pair->all().threads == 2 && pair->all().pool != nullptr);
}

}  // namespace
}  // namespace argsearch

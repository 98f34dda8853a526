#include <cmath>

#include "check.h"
#include "context/branches.h"
#include "context/hidden.h"
#include "context/prefixes.h"
#include "embedded.h"

namespace argsearch {
namespace {

using Tokens = std::vector<llama_token>;

/// A context over the model of the tests, and what decodes in it.
struct Room {
  explicit Room(uint32_t sequences) : settings(test::context_settings()), model(test::load_model()) {
    settings.kv_type = KvType::kF32;
    hidden = std::make_unique<HiddenContext>(model, settings, ContextShape{256, sequences, sequences});
  }

  Context& context() { return hidden->context(); }

  /// The hidden state of one token behind what its sequence holds.
  std::vector<float> decode(llama_token token, llama_pos position, llama_seq_id sequence) {
    Batch batch;
    batch.add(token, position, sequence, true);
    std::vector<float> row;
    hidden->decode(batch, [&](size_t, const float* values) { row.assign(values, values + model->n_embd()); });
    return row;
  }

  PrefillCount fill(Prefixes& prefixes, size_t slot, const Tokens& tokens) {
    return prefixes.fill(slot, tokens, [&](Batch& batch) { hidden->decode(batch, [](size_t, const float*) {}); });
  }

  ContextSettings settings;
  std::shared_ptr<const Model> model;
  std::unique_ptr<HiddenContext> hidden;
};

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  CHECK(a.size() == b.size() && !a.empty());
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, static_cast<double>(std::abs(a[i] - b[i])));
  return most;
}

TEST("prefixes: keep what is common, cut and decode the rest") {
  Room room(2);
  Prefixes prefixes(room.context(), 2);
  CHECK(room.fill(prefixes, 0, {1, 2, 3, 4}).decoded == 4);
  const PrefillCount again = room.fill(prefixes, 0, {1, 2, 5});
  CHECK(again.cached == 2 && again.decoded == 1);
  CHECK(prefixes.size(0) == 3 && prefixes.size(1) == 0);
  CHECK(room.fill(prefixes, 0, {1, 2, 5}).decoded == 0);
  CHECK(room.fill(prefixes, 0, {1, 2}).cached == 2);
  CHECK(prefixes.end(0) == 2);
}

TEST("prefixes: a prefix that was cut and decoded again reads as one decoded whole") {
  Room room(2);
  Prefixes prefixes(room.context(), 2);
  room.fill(prefixes, 0, {1, 2, 9, 9, 9});
  room.fill(prefixes, 0, {1, 2, 3, 4});
  // Knows nothing of the other slot's cells.
  Prefixes apart(room.context(), 2);
  room.fill(apart, 1, {1, 2, 3, 4});
  CHECK(largest_difference(room.decode(5, 4, 0), room.decode(5, 4, 1)) < 1e-4);
}

TEST("prefixes: what another slot holds is shared, and stays when that slot goes on to something else") {
  Room room(3);
  Prefixes prefixes(room.context(), 3);
  room.fill(prefixes, 0, {1, 2, 3, 4});
  room.fill(prefixes, 1, {1, 2, 9});
  const PrefillCount count = room.fill(prefixes, 1, {1, 2, 3, 5, 6});
  CHECK(count.cached == 3 && count.shared == 1 && count.decoded == 2);
  CHECK(prefixes.size(0) == 4 && prefixes.size(1) == 5);
  room.fill(prefixes, 0, {8, 8, 8, 8, 8, 8});
  prefixes.clear(0);
  Prefixes apart(room.context(), 3);
  room.fill(apart, 2, {1, 2, 3, 5, 6});
  CHECK(largest_difference(room.decode(7, 5, 1), room.decode(7, 5, 2)) < 1e-4);
}

TEST("prefixes: of several slots the one that has most is shared") {
  Room room(3);
  Prefixes prefixes(room.context(), 3);
  room.fill(prefixes, 0, {1, 2});
  room.fill(prefixes, 1, {1, 2, 3, 4});
  CHECK(room.fill(prefixes, 2, {1, 2, 3, 9}).shared == 3);
  CHECK(room.fill(prefixes, 2, {1, 2, 3, 4, 5}).shared == 1);
  CHECK(room.fill(prefixes, 2, {1, 2, 3}).shared == 0);
}

TEST("prefixes: a decode that throws leaves what was decoded before it") {
  Room room(1);
  Prefixes prefixes(room.context(), 1);
  room.fill(prefixes, 0, {1, 2});
  bool thrown = false;
  try {
    prefixes.fill(0, {1, 2, 3, 4}, [](Batch&) { throw std::runtime_error("no"); });
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  CHECK(thrown);
  CHECK(prefixes.size(0) == 2);
  CHECK(room.fill(prefixes, 0, {1, 2, 3}).cached == 2);
}

TEST("prefixes: clear() forgets") {
  Room room(1);
  Prefixes prefixes(room.context(), 1);
  room.fill(prefixes, 0, {1, 2, 3});
  prefixes.clear(0);
  CHECK(prefixes.size(0) == 0);
  CHECK(room.fill(prefixes, 0, {1, 2, 3}).decoded == 3);
}

TEST("branches: as many as there are sequences beside the slots, in the same order every step") {
  Room room(6);
  Branches branches(room.context(), 2, {2, 6});
  CHECK(branches.capacity() == 4 && branches.free() == 4);
  const llama_seq_id first = branches.take(0, 0);
  const llama_seq_id second = branches.take(1, 0);
  CHECK(first == 2 && second == 3 && branches.free() == 2);
  branches.drop(1);
  branches.drop(0);
  CHECK(branches.free() == 4);
  CHECK(branches.take(0, 0) == first && branches.take(0, 1) == second);
  branches.drop_all();
  CHECK(branches.free() == 4);
}

TEST("branches: the cell of the one that is kept is the slot's, the others' are gone") {
  Room room(5);
  Prefixes prefixes(room.context(), 2);
  Branches branches(room.context(), 2, {2, 5});
  room.fill(prefixes, 0, {1, 2, 3});
  room.fill(prefixes, 1, {1, 2, 3, 7});
  const llama_seq_id loser = branches.take(0, 0);
  const llama_seq_id winner = branches.take(0, 1);
  room.decode(6, prefixes.end(0), loser);
  room.decode(7, prefixes.end(0), winner);
  CHECK(branches.keep(0, 1, prefixes.end(0)));
  branches.drop(0);
  prefixes.push(0, 7);
  CHECK(prefixes.end(0) == 4);
  CHECK(largest_difference(room.decode(8, 4, 0), room.decode(8, 4, 1)) < 1e-4);
}

TEST("branches: a rank without a branch is not kept") {
  Room room(4);
  Branches branches(room.context(), 1, {1, 4});
  branches.take(0, 5);
  CHECK(!branches.keep(0, 0, 0));
  CHECK(branches.keep(0, 5, 0));
  branches.drop(0);
  CHECK(!branches.keep(0, 5, 0));
}

TEST("hidden: a model's graphs are looked at once") {
  Room room(1);
  CHECK(room.model->probed()->names_result_norm);
  CHECK(room.hidden->projections() == 0);
  room.decode(1, 0, 0);
  CHECK(room.hidden->projections() == 0);
}

}  // namespace
}  // namespace argsearch

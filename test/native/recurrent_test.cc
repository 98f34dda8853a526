#include <cstring>

#include "check.h"
#include "context/equal_parts.h"
#include "context/prefixes.h"
#include "embedded.h"
#include "error.h"

namespace argsearch {
namespace {

using Tokens = std::vector<llama_token>;

const Tokens kPrompt{1, 2, 3};
const Tokens kLonger{1, 2, 3, 4};

/// A context over a hybrid model whose decodes are aborted while `aborts`, when the states have places already.
struct Room {
  Room() : settings(test::context_settings()), model(test::load_model(test::recurrent_path())) {
    settings.interrupt->cancel = &raised;
    ContextShape shape;
    shape.cells = 64;
    shape.sequences = 4;
    shape.outputs = 4;
    shape.on_node = [](ggml_tensor* node, bool, void* data) {
      auto* room = static_cast<Room*>(data);
      if (room->aborts && std::strcmp(node->name, "result_norm") == 0) room->raised = true;
      return false;
    };
    shape.on_node_data = this;
    context = std::make_unique<Context>(model, settings, shape);
  }

  PrefillCount fill(Prefixes& prefixes, size_t slot, const Tokens& tokens) {
    return prefixes.fill(slot, tokens, [&](Batch& batch) { context->decode(batch); });
  }

  void decode(const Prefixes& prefixes, const std::vector<size_t>& slots) {
    Batch batch;
    for (const size_t slot : slots) batch.add(5, prefixes.end(slot), Prefixes::sequence(slot), true);
    context->decode(batch);
  }

  bool aborts = false;
  std::atomic<bool> raised{false};
  ContextSettings settings;
  std::shared_ptr<const Model> model;
  std::unique_ptr<Context> context;
};

TEST("recurrent models: a failed decode of several slots loses the states of all, and each slot is told") {
  Room room;
  Prefixes prefixes(*room.context, 3);
  for (const size_t slot : {0, 1, 2}) room.fill(prefixes, slot, kPrompt);
  room.aborts = true;
  const std::vector<size_t> both{0, 1};
  CHECK_FAILS(room.decode(prefixes, both), ErrorCode::kAborted);
  room.aborts = room.raised = false;
  CHECK(room.context->losses() == 1);
  for (const size_t slot : {0, 1, 2}) CHECK_FAILS(prefixes.end(slot), ErrorCode::kDecodeFailed);
  CHECK(room.fill(prefixes, 2, kLonger).decoded == 4);
  CHECK(prefixes.end(2) == 4);
  CHECK_FAILS(prefixes.end(0), ErrorCode::kDecodeFailed);
}

TEST("recurrent models: a failed decode of one slot loses its state alone") {
  Room room;
  Prefixes prefixes(*room.context, 2);
  for (const size_t slot : {0, 1}) room.fill(prefixes, slot, kPrompt);
  room.aborts = true;
  CHECK_FAILS(room.decode(prefixes, std::vector<size_t>{0}), ErrorCode::kAborted);
  CHECK_FAILS(room.fill(prefixes, 0, kLonger), ErrorCode::kAborted);
  room.aborts = room.raised = false;
  prefixes.repair(0);
  CHECK(prefixes.size(0) == 0 && prefixes.end(1) == 3);
  CHECK(room.fill(prefixes, 1, kLonger).decoded == 1);
}

/// Sequences of the tokens of each part, and the rows that it gives.
using Parts = std::vector<std::pair<std::vector<llama_seq_id>, std::vector<size_t>>>;

Parts parts_of(const Batch& batch, bool neighbours) {
  Parts found;
  for (const EqualPart& part : equal_parts(batch, neighbours)) {
    std::vector<llama_seq_id> sequences;
    for (size_t i = 0; i < part.batch.size(); ++i) sequences.push_back(part.batch.sequence(i));
    found.emplace_back(std::move(sequences), part.rows);
  }
  return found;
}

TEST("equal parts: equally many tokens of each sequence, and where their outputs belong") {
  Batch batch;
  CHECK(parts_of(batch, false).empty());
  for (const llama_seq_id sequence : {3, 1, 2}) batch.add(0, 0, sequence, true);
  CHECK(parts_of(batch, false) == (Parts{{{1, 2, 3}, {1, 2, 0}}}));
  batch.add(0, 1, 1, true);
  batch.add(0, 1, 2, false);
  batch.add(0, 2, 2, true);
  CHECK(parts_of(batch, true) == (Parts{{{1, 2, 3}, {1, 2, 0}}, {{1, 2}, {3}}, {{2}, {4}}}));
}

TEST("equal parts: without attention, sequences without a gap") {
  Batch batch;
  for (const llama_seq_id sequence : {0, 1, 4, 5}) batch.add(0, 0, sequence, true);
  CHECK(parts_of(batch, false) == (Parts{{{0, 1, 4, 5}, {0, 1, 2, 3}}}));
  CHECK(parts_of(batch, true) == (Parts{{{0, 1}, {0, 1}}, {{4, 5}, {2, 3}}}));
}

}  // namespace
}  // namespace argsearch

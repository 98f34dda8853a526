#include "search/propose/policy.h"

#include <algorithm>

#include "bounds.h"
#include "context/probe.h"
#include "error.h"

namespace argsearch {
namespace {

PolicyRoom room_of(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
                   bool shared, uint32_t contexts) {
  if (!model->can_branch()) return {};
  const auto most = static_cast<uint32_t>(engine().llama_max_parallel_sequences());
  const auto n_vocab = static_cast<uint32_t>(model->n_vocab());
  PolicyRoom room;
  if (shared && !model->is_recurrent()) {
    room.candidates = reward_sequences(slots, n_vocab, contexts, most - slots, /*state_bytes=*/0) - slots;
  }
  const size_t state = state_bytes(model, settings);
  room.drafts = policy_sequences(slots, n_vocab, contexts, most - room.candidates, state) - slots;
  return room;
}

ContextShape shape_of(uint32_t slots, uint32_t context_size, PolicyRoom room) {
  const uint32_t sequences = slots + room.drafts + room.candidates;
  ContextShape shape{slots * context_size + room.candidates, sequences, sequences};
  shape.branches_of_one = slots == 1 && room.candidates > 0;
  return shape;
}

}  // namespace

Policy::Policy(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
               uint32_t context_size, bool shared, uint32_t contexts)
    : Policy(model, settings, slots, context_size, room_of(model, settings, slots, shared, contexts)) {}

Policy::Policy(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
               uint32_t context_size, PolicyRoom room)
    : trunk_(room.candidates > 0 ? TrunkContext::create(model, settings, shape_of(slots, context_size, room))
                                 : nullptr),
      context_(trunk_ ? nullptr
                      : std::make_unique<Context>(model, settings, shape_of(slots, context_size, {room.drafts, 0}))),
      prefixes_(context(), slots),
      branches_(context(), slots, {slots, slots + room.drafts}),
      candidates_(context(), slots, {slots + room.drafts, slots + room.drafts + (trunk_ ? room.candidates : 0)}),
      outputs_(slots + room.drafts),
      next_(slots) {
  prefixes_.lend_by(trunk_ ? candidates_ : branches_);
}

PrefillCount Policy::begin(size_t slot, const std::vector<llama_token>& tokens, size_t most) {
  branches_.drop(slot);
  candidates_.drop(slot);
  const std::vector<llama_token> prefix(tokens.begin(), tokens.end() - 1);
  const PrefillCount count = prefixes_.fill(slot, prefix, [&](Batch& batch) { decode(batch); }, most);
  context().synchronize();
  commit(slot, tokens.back());
  return count;
}

std::vector<const float*> Policy::decode(const std::vector<size_t>& slots) {
  add_pending(slots);
  const bool kept = std::any_of(slots.begin(), slots.end(), [&](size_t slot) { return next_[slot].kept; });
  const OnRow keep = [&](size_t row, const float* hidden) {
    next_[slots[row]].hidden.assign(hidden, hidden + model().n_embd());
  };
  try {
    decode(batch_, kept ? keep : nullptr);
  } catch (...) {
    repair(slots);
    throw;
  }
  std::vector<const float*> logits;
  for (size_t row = 0; row < slots.size(); ++row) {
    prefixes_.push(slots[row], pending(slots[row]));
    logits.push_back(context().logits(row));
  }
  return logits;
}

/// With logits of the tokens that are read; without any the graph need not go so far. `on_row`, if there is one, gets
/// their hidden states where there is a trunk.
void Policy::decode(Batch& batch, const OnRow& on_row) {
  if (!trunk_) {
    context_->decode(batch);
  } else if (batch.outputs() == 0) {
    trunk_->hidden().decode(batch, [](size_t, const float*) {});
  } else if (on_row) {
    trunk_->hidden().decode_whole(batch, on_row);
  } else {
    trunk_->hidden().decode_plain(batch);
  }
  ++decodes_;
}

void Policy::add_pending(const std::vector<size_t>& slots) {
  batch_.clear();
  for (const size_t slot : slots) batch_.add(pending(slot), prefixes_.end(slot), Prefixes::sequence(slot), true);
  tokens_ += slots.size();
}

void Policy::repair(const std::vector<size_t>& slots) {
  for (const size_t slot : slots) prefixes_.repair(slot);
}

void Policy::adopt(size_t slot, const float* hidden) {
  prefixes_.push(slot, pending(slot));
  adopt_last(slot, pending(slot), hidden);
}

void Policy::adopt_last(size_t slot, llama_token token, const float* hidden) {
  Next& next = next_[slot];
  next.token = token;
  next.decoded = true;
  next.hidden.assign(hidden, hidden + model().n_embd());
}

void Policy::adopt_pending(const std::vector<size_t>& slots) {
  if (slots.empty()) return;
  add_pending(slots);
  try {
    trunk_->hidden().decode(batch_, [&](size_t row, const float* hidden) { adopt(slots[row], hidden); });
  } catch (...) {
    repair(slots);
    throw;
  }
  ++decodes_;
}

void Policy::take_back(const std::vector<size_t>& slots) {
  for (const size_t slot : slots) prefixes_.pop(slot);
}

void Policy::decode(const std::vector<Run>& runs, const OnRead& on_read) {
  const DecodeRows decode_batch = [this](Batch& batch, const OnRow& on_row) {
    decode(batch);
    size_t row = 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (batch.is_output(i)) on_row(row++, context().logits(i));
    }
  };
  decode_runs(runs, {context().batch_size(), outputs_}, decode_batch, on_read);
}

}  // namespace argsearch

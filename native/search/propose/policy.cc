#include "search/propose/policy.h"

#include "bounds.h"
#include "error.h"

namespace argsearch {
namespace {

/// A recurrent model keeps one state a sequence, and has no branches.
uint32_t sequences_of(const Model& model, uint32_t slots) {
  if (model.is_recurrent()) return slots;
  const auto most = static_cast<uint32_t>(engine().llama_max_parallel_sequences());
  return policy_sequences(slots, static_cast<uint32_t>(model.n_vocab()), most);
}

}  // namespace

Policy::Policy(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
               uint32_t context_size)
    : Policy(model, settings, slots, context_size, sequences_of(*model, slots)) {}

Policy::Policy(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots,
               uint32_t context_size, uint32_t sequences)
    : context_(std::move(model), settings, ContextShape{slots * context_size, sequences, sequences}),
      prefixes_(context_, slots),
      branches_(context_, slots, sequences),
      outputs_(sequences),
      pending_(slots) {}

PrefillCount Policy::begin(size_t slot, const std::vector<llama_token>& tokens) {
  branches_.drop(slot);
  const std::vector<llama_token> prefix(tokens.begin(), tokens.end() - 1);
  const PrefillCount count = prefixes_.fill(slot, prefix, [&](Batch& batch) {
    context_.decode(batch);
    ++decodes_;
  });
  context_.synchronize();
  pending_[slot] = tokens.back();
  return count;
}

std::vector<const float*> Policy::decode(const std::vector<size_t>& slots) {
  batch_.clear();
  for (const size_t slot : slots) {
    batch_.add(pending_[slot], prefixes_.end(slot), Prefixes::sequence(slot), true);
  }
  try {
    context_.decode(batch_);
  } catch (...) {
    for (const size_t slot : slots) prefixes_.repair(slot);
    throw;
  }
  ++decodes_;
  for (const size_t slot : slots) prefixes_.push(slot, pending_[slot]);
  std::vector<const float*> logits;
  for (size_t i = 0; i < slots.size(); ++i) logits.push_back(logits_of(i));
  return logits;
}

const float* Policy::logits_of(size_t token) const {
  const float* logits = engine().llama_get_logits_ith(context_.handle(), static_cast<int32_t>(token));
  if (logits == nullptr) throw Error(ErrorCode::kDecodeFailed, model().path() + ": llama.cpp gave no logits.");
  return logits;
}

void Policy::decode(const std::vector<Run>& runs, const OnRead& on_read) {
  const DecodeRows decode_batch = [this](Batch& batch, const OnRow& on_row) {
    context_.decode(batch);
    ++decodes_;
    size_t row = 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (batch.is_output(i)) on_row(row++, logits_of(i));
    }
  };
  decode_runs(runs, {context_.batch_size(), outputs_}, decode_batch, on_read);
}

}  // namespace argsearch

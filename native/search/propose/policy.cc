#include "search/propose/policy.h"

#include "error.h"

namespace argsearch {

Policy::Policy(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots,
               uint32_t context_size)
    : context_(std::move(model), settings, ContextShape{slots * context_size, slots, slots}), slots_(slots) {}

PrefillCount Policy::begin(size_t slot, const std::vector<llama_token>& tokens) {
  const std::vector<llama_token> prefix(tokens.begin(), tokens.end() - 1);
  const PrefillCount count = prefill(context_, slot, slots_[slot].tokens, prefix, [&](Batch& batch) {
    context_.decode(batch);
    ++decodes_;
  });
  slots_[slot].pending = tokens.back();
  return count;
}

void Policy::decode(const std::vector<size_t>& slots) {
  batch_.clear();
  for (const size_t slot : slots) {
    const auto position = static_cast<llama_pos>(slots_[slot].tokens.size());
    batch_.add(slots_[slot].pending, position, static_cast<llama_seq_id>(slot), true);
  }
  try {
    context_.decode(batch_);
  } catch (...) {
    for (const size_t slot : slots) {
      if (!context_.truncate(static_cast<llama_seq_id>(slot), slots_[slot].tokens.size())) slots_[slot].tokens.clear();
    }
    throw;
  }
  ++decodes_;
  for (const size_t slot : slots) slots_[slot].tokens.push_back(slots_[slot].pending);
}

const float* Policy::logits(size_t i) const {
  const float* logits = engine().llama_get_logits_ith(context_.handle(), static_cast<int32_t>(i));
  if (logits == nullptr) throw Error(ErrorCode::kDecodeFailed, model().path() + ": llama.cpp gave no logits.");
  return logits;
}

void Policy::clear(size_t slot) {
  context_.truncate(static_cast<llama_seq_id>(slot), 0);
  slots_[slot].tokens.clear();
}

}  // namespace argsearch

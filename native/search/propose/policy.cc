#include "search/propose/policy.h"

#include "error.h"

namespace argsearch {

Policy::Policy(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots,
               uint32_t context_size)
    : context_(std::move(model), settings, ContextShape{slots * context_size, slots, slots}),
      prefixes_(context_, slots),
      pending_(slots) {}

PrefillCount Policy::begin(size_t slot, const std::vector<llama_token>& tokens) {
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
  for (size_t i = 0; i < slots.size(); ++i) {
    logits.push_back(engine().llama_get_logits_ith(context_.handle(), static_cast<int32_t>(i)));
    if (logits.back() == nullptr) {
      throw Error(ErrorCode::kDecodeFailed, model().path() + ": llama.cpp gave no logits.");
    }
  }
  return logits;
}

}  // namespace argsearch

#include "search/propose/policies.h"

namespace argsearch {

Policies::Policies(const std::shared_ptr<const Model>& model, const ContextSettings& settings,
                   const std::vector<SlotRange>& ranges, uint32_t context_size, bool shared)
    : slots_per_context_(ranges[0].count) {
  for (const SlotRange& range : ranges) {
    const auto contexts = static_cast<uint32_t>(ranges.size());
    contexts_.push_back(std::make_unique<Policy>(model, settings, range.count, context_size, shared, contexts));
  }
}

std::vector<std::vector<size_t>> Policies::by_context(const std::vector<size_t>& slots) const {
  std::vector<std::vector<size_t>> places(contexts_.size());
  for (size_t i = 0; i < slots.size(); ++i) places[context_of(slots[i])].push_back(i);
  return places;
}

PrefillCount Policies::begin(size_t slot, const std::vector<llama_token>& tokens, size_t most) {
  const Place at = place(slot);
  return at.policy.begin(at.slot, tokens, most);
}

std::vector<const float*> Policies::decode(const std::vector<size_t>& slots) {
  const std::vector<std::vector<size_t>> places = by_context(slots);
  std::vector<std::vector<size_t>> own(contexts_.size());
  for (const size_t slot : slots) own[context_of(slot)].push_back(place(slot).slot);
  std::vector<const float*> logits(slots.size());
  size_t context = 0;
  try {
    for (; context < contexts_.size(); ++context) {
      if (own[context].empty()) continue;
      const std::vector<const float*> rows = contexts_[context]->decode(own[context]);
      for (size_t i = 0; i < rows.size(); ++i) logits[places[context][i]] = rows[i];
    }
  } catch (...) {
    while (context-- > 0) contexts_[context]->take_back(own[context]);
    throw;
  }
  return logits;
}

void Policies::decode(const std::vector<size_t>& slots, const std::vector<Run>& runs, const OnRead& on_read) {
  const std::vector<std::vector<size_t>> places = by_context(slots);
  for (size_t context = 0; context < contexts_.size(); ++context) {
    std::vector<Run> own;
    for (const size_t i : places[context]) own.push_back(runs[i]);
    contexts_[context]->decode(
        own, [&](size_t run, size_t token, const float* values) { on_read(places[context][run], token, values); });
  }
}

void Policies::commit(size_t slot, llama_token token) {
  const Place at = place(slot);
  at.policy.commit(at.slot, token);
}

void Policies::clear(size_t slot) {
  const Place at = place(slot);
  at.policy.clear(at.slot);
}

size_t Policies::size(size_t slot) const {
  const Place at = place(slot);
  return at.policy.size(at.slot);
}

uint64_t Policies::decodes() const {
  uint64_t sum = 0;
  for (const auto& context : contexts_) sum += context->decodes();
  return sum;
}

uint64_t Policies::tokens() const {
  uint64_t sum = 0;
  for (const auto& context : contexts_) sum += context->tokens();
  return sum;
}

double Policies::decode_ms() const {
  double sum = 0;
  for (const auto& context : contexts_) sum += context->decode_ms();
  return sum;
}

size_t Policies::cache_bytes() const {
  size_t sum = 0;
  for (const auto& context : contexts_) sum += context->context().cache_bytes();
  return sum;
}

}  // namespace argsearch

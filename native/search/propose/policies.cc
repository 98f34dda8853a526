#include "search/propose/policies.h"

namespace argsearch {

Policies::Policies(const std::shared_ptr<const Model>& model, const ContextSettings& settings,
                   const std::vector<SlotRange>& ranges, uint32_t context_size, Lanes& lanes, bool shared)
    : slots_per_context_(ranges[0].count), lanes_(lanes) {
  for (const SlotRange& range : ranges) {
    const auto contexts = static_cast<uint32_t>(ranges.size());
    contexts_.push_back(std::make_unique<Policy>(model, settings, range.count, context_size, shared, contexts));
  }
  std::vector<Prefixes*> prefixes;
  for (const auto& context : contexts_) prefixes.push_back(&context->prefixes());
  Prefixes::copy_among(prefixes);
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

std::vector<const float*> Policies::decode(const std::vector<size_t>& slots, const std::vector<Work>& beside) {
  std::vector<const float*> logits(slots.size());
  project_adopted(slots, logits);
  // Of each context, its slots that wait for their logits, and where in `slots` they are.
  std::vector<std::vector<size_t>> own(contexts_.size());
  std::vector<std::vector<size_t>> places(contexts_.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    if (logits[i] != nullptr) continue;
    own[context_of(slots[i])].push_back(place(slots[i]).slot);
    places[context_of(slots[i])].push_back(i);
  }
  std::vector<std::vector<const float*>> rows(contexts_.size());
  std::vector<Work> round;
  for (size_t context = 0; context < contexts_.size(); ++context) {
    if (own[context].empty()) continue;
    Policy& policy = *contexts_[context];
    round.push_back({&policy.context(), [&, context] { rows[context] = policy.decode(own[context]); }});
  }
  // Where one had to wait for a thread, all are faster one after the other, or among themselves.
  if (round.size() + beside.size() <= lanes_.threads()) round.insert(round.end(), beside.begin(), beside.end());
  try {
    lanes_.run(round);
  } catch (...) {
    for (size_t context = 0; context < contexts_.size(); ++context) {
      if (!rows[context].empty()) contexts_[context]->take_back(own[context]);
    }
    throw;
  }
  for (size_t context = 0; context < contexts_.size(); ++context) {
    for (size_t i = 0; i < rows[context].size(); ++i) logits[places[context][i]] = rows[context][i];
  }
  return logits;
}

void Policies::project_adopted(const std::vector<size_t>& slots, std::vector<const float*>& logits) {
  std::vector<float> hidden;
  std::vector<size_t> adopted;
  for (size_t i = 0; i < slots.size(); ++i) {
    const Place at = place(slots[i]);
    if (!at.policy.has_adopted(at.slot)) continue;
    hidden.insert(hidden.end(), at.policy.hidden(at.slot), at.policy.hidden(at.slot) + model().n_embd());
    adopted.push_back(i);
  }
  if (adopted.empty()) return;
  const float* rows = contexts_[0]->trunk()->project(hidden);
  for (size_t row = 0; row < adopted.size(); ++row) {
    logits[adopted[row]] = rows + row * static_cast<size_t>(model().n_vocab());
  }
}

void Policies::adopt_pending(const std::vector<std::vector<size_t>>& slots) {
  std::vector<Work> round;
  for (size_t context = 0; context < slots.size(); ++context) {
    if (slots[context].empty()) continue;
    Policy& policy = *contexts_[context];
    round.push_back({&policy.context(), [&policy, &own = slots[context]] { policy.adopt_pending(own); }});
  }
  lanes_.run(round);
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

void Policies::keep_hidden(size_t slot, bool keep) {
  const Place at = place(slot);
  at.policy.keep_hidden(at.slot, keep);
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

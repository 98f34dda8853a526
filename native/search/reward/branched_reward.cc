#include "search/reward/branched_reward.h"

namespace argsearch {
namespace {

ContextShape shape(uint32_t slots, uint32_t sequences, uint32_t context_size) {
  return ContextShape{slots * context_size + (sequences - slots), sequences, sequences};
}

}  // namespace

BranchedReward::BranchedReward(std::shared_ptr<const Model> model, const ContextSettings& settings, SlotRange slots,
                               uint32_t sequences, uint32_t context_size)
    : hidden_(std::move(model), settings, shape(slots.count, sequences, context_size)),
      first_(slots.first),
      prefixes_(hidden_.context(), slots.count),
      branches_(hidden_.context(), slots.count, {slots.count, sequences}),
      reader_(hidden_, prefixes_, branches_, context_size) {}

PrefillCount BranchedReward::begin(size_t slot, const std::vector<llama_token>& tokens) {
  branches_.drop(place(slot));
  const PrefillCount count = prefixes_.fill(place(slot), tokens, [&](Batch& batch) {
    hidden_.decode(batch, [](size_t, const float*) {});
    ++decodes_;
  });
  hidden_.context().synchronize();
  return count;
}

std::vector<double> BranchedReward::rate(const Wave& wave) {
  make_room(wave);
  try {
    std::vector<double> values = decode_branches(wave);
    for (const Wave::Part& part : wave.parts) {
      if (!part.whole) branches_.drop(place(part.slot->slot));
    }
    return values;
  } catch (...) {
    for (const Wave::Part& part : wave.parts) branches_.drop(place(part.slot->slot));
    throw;
  }
}

/// Slots that wait for their commit() give way to those that are being rated.
void BranchedReward::make_room(const Wave& wave) {
  size_t wanted = 0;
  for (const Wave::Part& part : wave.parts) {
    branches_.drop(place(part.slot->slot));
    wanted += part.ranks.size();
  }
  if (wanted > branches_.free()) branches_.drop_all();
}

std::vector<double> BranchedReward::decode_branches(const Wave& wave) {
  batch_.clear();
  for (const Wave::Part& part : wave.parts) {
    const size_t slot = place(part.slot->slot);
    for (const size_t rank : part.ranks) {
      batch_.add(part.slot->candidates.tokens[rank], prefixes_.end(slot), branches_.take(slot, rank), true);
    }
  }
  std::vector<double> values(batch_.size() * n_labels());
  hidden_.decode(batch_,
                 [&](size_t row, const float* hidden) { head().apply(hidden, values.data() + row * n_labels()); });
  tokens_ += batch_.size();
  ++decodes_;
  return values;
}

void BranchedReward::commit(const StepPart& slots) {
  StepPart lost;
  for (SlotStep* slot : slots) {
    const size_t at = place(slot->slot);
    if (!branches_.keep(at, *slot->chosen, prefixes_.end(at))) lost.push_back(slot);
    branches_.drop(at);
  }
  try {
    if (!lost.empty()) decode_again(lost);
  } catch (...) {
    for (const SlotStep* slot : slots) prefixes_.repair(place(slot->slot));
    throw;
  }
  for (const SlotStep* slot : slots) prefixes_.push(place(slot->slot), slot->token());
}

void BranchedReward::decode_again(const StepPart& slots) {
  batch_.clear();
  for (const SlotStep* slot : slots) {
    const size_t at = place(slot->slot);
    batch_.add(slot->token(), prefixes_.end(at), Prefixes::sequence(at), false);
  }
  hidden_.decode(batch_, [](size_t, const float*) {});
  tokens_ += batch_.size();
  ++decodes_;
}

void BranchedReward::clear(size_t slot) {
  branches_.drop(place(slot));
  prefixes_.clear(place(slot));
}

RewarderCounters BranchedReward::counters() const {
  return {tokens_ + reader_.tokens(), decodes_ + reader_.decodes(), hidden_.projections(),
          hidden_.context().decode_ms()};
}

}  // namespace argsearch

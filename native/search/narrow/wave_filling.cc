#include "search/narrow/wave_filling.h"

#include <algorithm>
#include <cmath>

#include "search/reward/step_rewards.h"

namespace argsearch {
namespace {

constexpr double kNothing = 1.03;
/// Share of the waves that are filled. The others tell what smaller ones take by now.
constexpr double kFilled = 15.0 / 16;

struct Closed {
  SlotStep* slot;
  size_t rank;
  double lag;
};

/// Those that may be opened again, the next best first.
std::vector<Closed> closed_of(const StepPart& slots) {
  std::vector<Closed> closed;
  for (SlotStep* slot : slots) {
    for (size_t rank = 0; rank < slot->lags.size(); ++rank) {
      if (!slot->open[rank] && std::isfinite(slot->lags[rank])) closed.push_back({slot, rank, slot->lags[rank]});
    }
  }
  std::stable_sort(closed.begin(), closed.end(), [](const Closed& a, const Closed& b) { return a.lag < b.lag; });
  return closed;
}

/// Slots of one context, all of which have something to rate.
void fill(const StepPart& slots, const BatchCosts& costs, size_t capacity) {
  const bool begun = std::any_of(slots.begin(), slots.end(), [](const SlotStep* slot) { return slot->begun(); });
  if (begun || slots[0]->draw >= kFilled) return;
  size_t open = 0;
  for (const SlotStep* slot : slots) open += slot->unrated().size();
  if (open > capacity) return;
  const std::vector<Closed> closed = closed_of(slots);
  const size_t wanted = free_size(costs, open, std::min(capacity, open + closed.size()));
  for (size_t i = 0; open + i < wanted; ++i) closed[i].slot->open[closed[i].rank] = true;
  for (SlotStep* slot : slots) {
    slot->predicted = slot->predicted && slot->n_open() < slot->open.size();
    // Once: what is free is what the gate's own wave costs.
    slot->lags.clear();
  }
}

}  // namespace

size_t free_size(const BatchCosts& costs, size_t candidates, size_t most) {
  if (!costs.knows(candidates)) return candidates;
  for (size_t size = most; size > candidates; --size) {
    if (costs.knows(size) && costs.at(size) <= kNothing * costs.at(candidates)) return size;
  }
  return candidates;
}

void WaveFilling::narrow(Step& step) {
  std::map<Place, StepPart> waves;
  for (SlotStep& slot : step) {
    if (slot.rewards() == nullptr || slot.chosen || slot.unrated().empty()) continue;
    waves[{slot.rewards(), slot.rewards()->layout().context_of(slot.slot)}].push_back(&slot);
  }
  for (const auto& [place, slots] : waves) fill(slots, costs_[place], place.first->layout().capacity[place.second]);
}

void WaveFilling::rated(const Wave& wave, double ms) {
  size_t candidates = 0;
  for (const Wave::Part& part : wave.parts) {
    const Gate gate = part.slot->state->settings.gate.gate;
    // Those of other gates may have more in the batch: what they took unrated before.
    if (gate != Gate::kOff && gate != Gate::kPredicted) return;
    candidates += part.ranks.size();
  }
  costs_[{wave.parts[0].slot->rewards(), wave.context}].add(candidates, ms);
}

}  // namespace argsearch

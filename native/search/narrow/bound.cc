#include "search/narrow/bound.h"

#include <algorithm>

#include "search/narrow/served.h"

namespace argsearch {
namespace {

/// Steps that are rated before anything is closed.
constexpr uint64_t kWarmUp = 256;
/// Share of the later ones that are rated whole.
constexpr double kAudited = 0.02;
/// Of the reach, in terms of the deepest winner.
constexpr double kMargin = 1.25;
/// Scorings that are remembered: a caller may vary the weight without end.
constexpr size_t kMostScorings = 64;

double depth(const SlotStep& slot, size_t rank) {
  return slot.candidates.log_probs[0] - slot.candidates.log_probs[rank];
}

/// Which candidates may win. Where the policy alone decides the ending, the likeliest candidate wins if it ends,
/// because it is scored with the best reward of the others; and where an end further down may win, each of the others
/// has a part in it.
std::vector<bool> viable(const SlotStep& slot, double reach) {
  const std::vector<bool>& ends = slot.candidates.ends;
  const bool by_policy = slot.state->settings.ending == Ending::kPolicy;
  if (by_policy && ends[0]) reach = 0;
  std::vector<bool> within;
  bool end = false;
  for (size_t rank = 0; rank < slot.candidates.size(); ++rank) {
    within.push_back(rank == 0 || depth(slot, rank) <= reach);
    end = end || (rank > 0 && within[rank] && ends[rank]);
  }
  if (by_policy && end && !ends[0]) within.assign(within.size(), true);
  return within;
}

}  // namespace

Bound::Reach& Bound::reach(const SlotStep& slot) {
  const SlotSettings& settings = slot.state->settings;
  const Scoring scoring{settings.weight, settings.combine, settings.ending, settings.top_k};
  if (reaches_.size() >= kMostScorings && reaches_.count(scoring) == 0) reaches_.clear();
  return reaches_[scoring];
}

void Bound::narrow(Step& step) {
  for (SlotStep* slot : served(step, Gate::kBound)) {
    const Reach& learned = reach(*slot);
    if (learned.rated < kWarmUp) continue;
    slot->audited = slot->draw < kAudited;
    if (slot->audited) continue;
    const std::vector<bool> may_win = viable(*slot, kMargin * learned.deepest);
    for (size_t rank = 0; rank < may_win.size(); ++rank) slot->open[rank] = slot->open[rank] && may_win[rank];
    slot->gated = slot->n_open() == 1;
  }
}

void Bound::learn(const StepPart& chosen) {
  for (SlotStep* slot : chosen) {
    if (slot->state->settings.gate.gate != Gate::kBound || !slot->candidates.rewarded() || slot->gated) continue;
    Reach& learned = reach(*slot);
    slot->violated = slot->audited && !viable(*slot, kMargin * learned.deepest)[*slot->chosen];
    learned.deepest = std::max(learned.deepest, depth(*slot, *slot->chosen));
    ++learned.rated;
  }
}

}  // namespace argsearch

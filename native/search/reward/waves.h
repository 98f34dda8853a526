#pragma once

#include <vector>

#include "search/reward/rewarder.h"

namespace argsearch {

/// How slots lie in contexts, and how many candidates each of these rates at once.
struct WaveLayout {
  size_t slots_per_context = 1;
  /// One a context.
  std::vector<size_t> capacity;

  size_t context_of(size_t slot) const { return slot / slots_per_context; }
};

/// The next candidates to rate, one wave a context at most: whole slots while they fit; a slot with more candidates
/// than fit at all, in pieces. None when every open candidate has its reward.
std::vector<Wave> next_waves(const StepPart& slots, const WaveLayout& layout);

}  // namespace argsearch

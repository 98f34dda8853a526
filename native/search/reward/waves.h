#pragma once

#include <optional>

#include "search/reward/rewarder.h"

namespace argsearch {

/// How slots lie in contexts, and how many candidates each of these rates at once.
struct WaveLayout {
  size_t slots_per_context = 1;
  /// One a context.
  std::vector<size_t> capacity;

  size_t context_of(size_t slot) const { return slot / slots_per_context; }
};

/// The next candidates to rate: whole slots of one context while they fit; a slot with more candidates than fit at all,
/// in pieces. Nullopt when every open candidate has its reward.
std::optional<Wave> next_wave(const StepPart& slots, const WaveLayout& layout);

}  // namespace argsearch

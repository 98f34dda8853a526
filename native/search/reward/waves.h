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
  /// A list a context, of what is of its slots.
  template <class T, class SlotOf>
  std::vector<std::vector<T>> by_context(const std::vector<T>& all, SlotOf slot_of) const {
    std::vector<std::vector<T>> parts(capacity.size());
    for (const T& each : all) parts[context_of(slot_of(each))].push_back(each);
    return parts;
  }
};

/// The next candidates to rate, one wave a context at most: whole slots while they fit; a slot with more candidates
/// than fit at all, in pieces. None when every open candidate has its reward.
std::vector<Wave> next_waves(const StepPart& slots, const WaveLayout& layout);

}  // namespace argsearch

#include "search/reward/waves.h"

#include <algorithm>

namespace argsearch {
namespace {

/// As many candidates of one slot as fit; whole only when they come in one piece.
Wave piece(SlotStep& slot, size_t context, size_t capacity) {
  std::vector<size_t> ranks = slot.unrated();
  const bool whole = !slot.begun() && ranks.size() <= capacity;
  ranks.resize(std::min(ranks.size(), capacity));
  return Wave{context, {{&slot, std::move(ranks), whole}}};
}

/// Of slots of one context none of which has begun: as many as fit, but the first waves are the smaller ones: the last
/// is then full, and its branches are those that a later commit() still finds.
Wave first_of(const StepPart& slots, size_t context, size_t capacity) {
  Wave wave{context, {}};
  size_t room = 0;
  for (size_t i = slots.size(); i-- > 0;) {
    std::vector<size_t> ranks = slots[i]->unrated();
    const size_t wanted = ranks.size();
    if (wanted > room) {
      wave.parts.clear();
      room = capacity;
    }
    wave.parts.push_back({slots[i], std::move(ranks), true});
    room -= std::min(room, wanted);
  }
  std::reverse(wave.parts.begin(), wave.parts.end());
  if (wave.parts.size() > 1) return wave;
  return piece(*wave.parts[0].slot, context, capacity);
}

}  // namespace

std::vector<Wave> next_waves(const StepPart& slots, const WaveLayout& layout) {
  std::vector<StepPart> waiting(layout.capacity.size());
  for (SlotStep* slot : slots) {
    if (!slot->unrated().empty()) waiting[layout.context_of(slot->slot)].push_back(slot);
  }
  std::vector<Wave> waves;
  for (size_t context = 0; context < waiting.size(); ++context) {
    const StepPart& own = waiting[context];
    if (own.empty()) continue;
    const auto begun = std::find_if(own.begin(), own.end(), [](const SlotStep* slot) { return slot->begun(); });
    waves.push_back(begun != own.end() ? piece(**begun, context, layout.capacity[context])
                                       : first_of(own, context, layout.capacity[context]));
  }
  return waves;
}

}  // namespace argsearch

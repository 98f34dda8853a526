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

}  // namespace

std::optional<Wave> next_wave(const StepPart& slots, const WaveLayout& layout) {
  std::vector<Wave::Part> waiting;
  for (SlotStep* slot : slots) {
    std::vector<size_t> ranks = slot->unrated();
    if (ranks.empty()) continue;
    const size_t context = layout.context_of(slot->slot);
    if (slot->begun()) return piece(*slot, context, layout.capacity[context]);
    waiting.push_back({slot, std::move(ranks), true});
  }
  if (waiting.empty()) return std::nullopt;

  // Waves are filled from the end, and the first is taken: the last one of a context is then full, and its branches are
  // those that a later commit() still finds.
  struct Filling {
    Wave wave;
    size_t room = 0;
  };
  std::vector<Filling> waves;
  std::vector<std::optional<size_t>> open(layout.capacity.size());
  for (size_t i = waiting.size(); i-- > 0;) {
    const size_t context = layout.context_of(waiting[i].slot->slot);
    const size_t wanted = waiting[i].ranks.size();
    if (!open[context] || wanted > waves[*open[context]].room) {
      open[context] = waves.size();
      waves.push_back({Wave{context, {}}, layout.capacity[context]});
    }
    Filling& filling = waves[*open[context]];
    filling.wave.parts.push_back(std::move(waiting[i]));
    filling.room -= std::min(filling.room, wanted);
  }
  Wave& first = waves.back().wave;
  std::reverse(first.parts.begin(), first.parts.end());
  if (first.parts.size() > 1) return first;
  return piece(*first.parts[0].slot, first.context, layout.capacity[first.context]);
}

}  // namespace argsearch

#include "search/steps/late_rewards.h"

#include <algorithm>

namespace argsearch {

std::vector<LateRewards> late_rewards(StepRewards& rewards, const StepPart& slots) {
  std::vector<CatchUp> unread;
  for (const SlotStep* slot : slots) unread.push_back({slot->slot, std::min<size_t>(rewards.pending(slot->slot), 2)});
  const std::vector<double> objectives = rewards.catch_up(unread);
  auto next = objectives.begin();
  const auto read = [&](std::vector<double> row) { return LateReward{rewards.sum(row.data()), std::move(row)}; };
  const auto next_row = [&] {
    const auto row = next;
    next += static_cast<ptrdiff_t>(rewards.n_objectives());
    return std::vector<double>(row, next);
  };
  std::vector<LateRewards> found;
  for (const CatchUp& each : unread) {
    LateRewards late;
    late.slot = each.slot;
    if (each.read > 1) late.before = read(next_row());
    if (each.read > 0) late.last = read(next_row());
    if (each.read < 2) {
      std::vector<double> before = rewards.before_last(each.slot);
      if (!before.empty()) late.before = read(std::move(before));
    }
    found.push_back(std::move(late));
  }
  return found;
}

}  // namespace argsearch

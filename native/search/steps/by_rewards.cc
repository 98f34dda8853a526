#include "search/steps/by_rewards.h"

#include <algorithm>
#include <iterator>

namespace argsearch {

std::vector<std::pair<StepRewards*, StepPart>> by_rewards(const StepPart& slots) {
  std::vector<std::pair<StepRewards*, StepPart>> parts;
  for (SlotStep* slot : slots) {
    if (slot->rewards() == nullptr) continue;
    const auto found =
        std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.first == slot->rewards(); });
    if (found != parts.end()) {
      found->second.push_back(slot);
    } else {
      parts.push_back({slot->rewards(), {slot}});
    }
  }
  return parts;
}

std::vector<Work> beside_policy(Step& step) {
  StepPart eager;
  for (SlotStep& slot : step) {
    const SlotSettings& settings = slot.state->settings;
    if (settings.gate.gate == Gate::kOff && !settings.lookahead.any()) eager.push_back(&slot);
  }
  std::vector<Work> round;
  for (const auto& [rewards, part] : by_rewards(eager)) {
    std::vector<Work> own = rewards->beside_policy(part);
    std::move(own.begin(), own.end(), std::back_inserter(round));
  }
  return round;
}

}  // namespace argsearch

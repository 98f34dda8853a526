#pragma once

#include <utility>
#include <vector>

#include "search/reward/step_rewards.h"
#include "search/step.h"

namespace argsearch {

/// Slots by who rates them; those that nothing rates are left out.
std::vector<std::pair<StepRewards*, StepPart>> by_rewards(const StepPart& slots);

/// What can be decoded of a step's rewards beside the policy: not where a gate may do without them, nor where a slot
/// looks ahead and reads more at once.
std::vector<Work> beside_policy(Step& step);

}  // namespace argsearch

#pragma once

#include <vector>

#include "search/results.h"
#include "search/reward/step_rewards.h"

namespace argsearch {

/// Of the last two tokens of each slot, those that were taken unrated.
std::vector<LateRewards> late_rewards(StepRewards& rewards, const StepPart& slots);

}  // namespace argsearch

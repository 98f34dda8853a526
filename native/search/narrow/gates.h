#pragma once

#include <memory>
#include <vector>

#include "search/narrow/narrower.h"
#include "search/reward/reward_sum.h"

namespace argsearch {

/// All gates of a search, whose rewards outlive them. Each learns from all of its slots, and closes nothing of those
/// whose settings name another.
std::vector<std::unique_ptr<Narrower>> make_gates(const RewardSum& rewards);

}  // namespace argsearch

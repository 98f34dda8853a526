#pragma once

#include <memory>
#include <vector>

#include "search/reward/rewarder.h"
#include "search/reward/token_values.h"
#include "search/slot_ranges.h"

namespace argsearch {

/// What reads for the slots of each range, in a context of its own, by what the model gives, and whether it reads the
/// text of a `writer` with another vocabulary. MODEL_UNSUPPORTED,
/// OUT_OF_MEMORY.
std::vector<std::unique_ptr<Rewarder>> make_rewarders(const std::shared_ptr<const Model>& model, RewardKind kind,
                                                      const std::shared_ptr<const Model>& writer,
                                                      const ContextSettings& settings,
                                                      const std::vector<SlotRange>& ranges, uint32_t context_size);

}  // namespace argsearch

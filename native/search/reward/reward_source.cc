#include "search/reward/reward_source.h"

#include <cmath>
#include <string>

#include "error.h"

namespace argsearch {

const RewardHead& RewardSource::head() const {
  if (!model->head()) {
    throw Error(
        ErrorCode::kRewardHeadMissing,
        model->path() + " has no reward head. Attach one with \"argsearch reward attach\", or name another file.");
  }
  if (weights.size() != model->head()->n_labels()) {
    throw Error(ErrorCode::kOptionInvalid, model->path() + " has " + std::to_string(model->head()->n_labels()) +
                                               " labels, but " + std::to_string(weights.size()) +
                                               " weights were given.");
  }
  return *model->head();
}

void check_sum(double reward) {
  if (std::isfinite(reward)) return;
  throw Error(ErrorCode::kOptionInvalid, "the weighted rewards of a token are too large a sum: lower the weights.");
}

}  // namespace argsearch

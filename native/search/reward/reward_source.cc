#include "search/reward/reward_source.h"

#include <cmath>
#include <string>

#include "error.h"

namespace argsearch {

void RewardSource::check() const {
  const bool has_base = base != nullptr || base_is_policy;
  if ((has_base || model_is_policy) && kind != RewardKind::kLogProb) {
    throw Error(ErrorCode::kOptionInvalid, "only log-probabilities have a base, or are the policy's own.");
  }
  if (base_is_policy && (base != nullptr || model_is_policy)) {
    throw Error(ErrorCode::kOptionInvalid, "a contrast is of two models, of which one may be the policy.");
  }
  if (model_is_policy && base == nullptr) {
    throw Error(ErrorCode::kOptionInvalid, "what the policy itself thinks of a token is no reward without a base.");
  }
  if (writer && kind != RewardKind::kHead) {
    throw Error(ErrorCode::kOptionInvalid, "only rewards of heads are read across tokenizers.");
  }
  if (kind == RewardKind::kHead) {
    head();
  } else if (weights.size() != 1) {
    throw Error(ErrorCode::kOptionInvalid, "a reward of each token has one weight.");
  }
}

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

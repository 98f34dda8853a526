#pragma once

#include <memory>
#include <vector>

#include "model/model.h"

namespace argsearch {

/// A reward model of a search, with one weight a label.
struct RewardSource {
  std::shared_ptr<const Model> model;
  std::vector<double> weights;
  /// Whose tokens it reads as text, where its own vocabulary is another; null: it reads the policy's tokens.
  std::shared_ptr<const Model> writer = nullptr;

  /// Of the model: REWARD_HEAD_MISSING, OPTION_INVALID when there is not one weight a label.
  const RewardHead& head() const;
};

/// OPTION_INVALID unless the weighted sum of a candidate's rewards is a finite number.
void check_sum(double reward);

}  // namespace argsearch

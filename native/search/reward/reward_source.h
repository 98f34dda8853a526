#pragma once

#include <memory>
#include <vector>

#include "model/model.h"
#include "search/reward/token_values.h"

namespace argsearch {

/// A reward of a search, with one weight a label.
struct RewardSource {
  std::shared_ptr<const Model> model;
  std::vector<double> weights;
  RewardKind kind = RewardKind::kHead;
  /// Of kLogProb: what is subtracted, ln P of another model.
  std::shared_ptr<const Model> base = nullptr;
  /// Of kLogProb: one of the two is the policy itself, which takes no decode.
  bool model_is_policy = false;
  bool base_is_policy = false;
  /// Whose tokens it reads as text, where its own vocabulary is another; null: it reads the policy's tokens.
  std::shared_ptr<const Model> writer = nullptr;

  /// REWARD_HEAD_MISSING, OPTION_INVALID when there is not one weight a label, or a base where there can be none.
  void check() const;
  /// Of the model. REWARD_HEAD_MISSING, OPTION_INVALID when there is not one weight a label.
  const RewardHead& head() const;
};

/// OPTION_INVALID unless the weighted sum of a candidate's rewards is a finite number.
void check_sum(double reward);

}  // namespace argsearch

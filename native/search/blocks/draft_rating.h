#pragma once

#include <vector>

#include "search/blocks/draft.h"
#include "search/reward/reward_sum.h"

namespace argsearch {

/// Rates drafts by the reward models: all drafts of all slots in one batch.
class DraftRating {
 public:
  /// `rewards` outlives it.
  explicit DraftRating(RewardSum& rewards) : rewards_(rewards), terms_(rewards.terms_of_objectives()) {}

  /// Fills the drafts' objectives, values and rewards.
  void rate(const std::vector<Drafting>& slots);
  /// Each slot takes the tokens of a draft.
  void take(const std::vector<std::pair<size_t, const Draft*>>& drafts);
  void drop(size_t slot, size_t draft) { rewards_.drop(slot, draft); }

  size_t n_objectives() const { return terms_.size(); }
  /// The combined reward at a draft's token; nullopt where it was not read, and without a reward model.
  std::optional<double> reward_at(const Draft& draft, size_t token) const;
  /// Tokens that a slot holds, in the fullest model.
  size_t size(size_t slot) const { return rewards_.length(slot); }

 private:
  std::vector<double> values_of(const BlockSlot& slot, const Draft& draft) const;

  RewardSum& rewards_;
  /// Which model each objective is of.
  std::vector<size_t> terms_;
};

}  // namespace argsearch

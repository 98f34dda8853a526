#pragma once

#include <vector>

#include "search/blocks/draft.h"
#include "search/reward/reward_sum.h"

namespace argsearch {

/// Rates drafts by the reward models: all drafts of all slots in one batch.
class DraftRating {
 public:
  /// `rewards` outlives it.
  explicit DraftRating(RewardSum& rewards);

  /// Fills the drafts' objectives, values and rewards.
  void rate(const std::vector<Drafting>& slots);
  /// Each slot takes the tokens of a draft.
  void take(const std::vector<std::pair<size_t, const Draft*>>& drafts);
  void drop(size_t slot, size_t draft) { rewards_.drop(slot, draft); }

  size_t n_objectives() const { return rewards_.n_objectives(); }
  /// The combined reward at a draft's token; nullopt where it was not read, and without a reward model.
  std::optional<double> reward_at(const Draft& draft, size_t token) const;
  /// Tokens that a slot holds, in the fullest model.
  size_t size(size_t slot) const { return rewards_.length(slot); }

 private:
  std::vector<double> values_of(const BlockSlot& slot, const Draft& draft) const;

  std::vector<size_t> tokens_to_read(const Draft& draft, bool mean) const;

  RewardSum& rewards_;
  /// Some objective of a draft is made of all of its tokens.
  bool of_tokens_ = false;
};

}  // namespace argsearch

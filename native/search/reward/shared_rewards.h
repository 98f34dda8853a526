#pragma once

#include <memory>
#include <vector>

#include "search/propose/policies.h"
#include "search/reward/reward_source.h"
#include "search/reward/step_rewards.h"
#include "search/reward/window_reader.h"

namespace argsearch {

/// Reward models whose trunk is the policy's, and which read the same tokens: candidates are branches of the policy's
/// own prefix, and one decode serves all of the heads. What a slot takes is decoded then, for the policy as well, and
/// its next logits come of its hidden state. A candidate whose branch is gone, or never was, is the policy's to decode.
class SharedRewards : public StepRewards {
 public:
  /// `policy` is_shared() and outlives it. REWARD_HEAD_MISSING.
  SharedRewards(Policies& policy, const std::vector<RewardSource>& sources, size_t slots);

  /// A slot begins anew.
  void begin(size_t slot);

  size_t n_objectives() const override { return n_objectives_; }
  double sum(const double* objectives) const override;
  size_t length(size_t slot) const override { return policy_.size(slot) - 1; }
  void open(SlotStep& slot) override;
  const WaveLayout& layout() const override { return layout_; }
  void rate(const std::vector<Wave>& waves) override;
  void commit(const StepPart& slots) override;
  /// The leads are among the candidates once more: a batch that is no longer for them costs next to nothing.
  void rate_ahead(const std::vector<Window*>& windows) override;
  void commit_ahead(const std::vector<Window*>& windows) override;
  bool decodes_for_policy() const override { return true; }

  /// The policy's pending token, if it was taken unrated.
  size_t pending(size_t slot) const override { return unread_[slot] ? 1 : 0; }
  std::vector<double> catch_up(const std::vector<CatchUp>& slots) override;
  std::vector<double> before_last(size_t slot) const override { return late_[slot]; }
  /// The policy has them.
  void read_states(const std::vector<size_t>& /*slots*/) override {}
  const float* state(size_t /*term*/, size_t slot) const override {
    const Policies::Place at = policy_.place(slot);
    return at.policy.hidden(at.slot);
  }

  /// Candidates that were decoded, and the decodes that it took; their time is the policy's.
  uint64_t tokens() const;
  uint64_t decodes() const;

 private:
  /// A candidate in a branch; of a window, by its place there.
  struct Rated {
    size_t rank;
    std::vector<float> hidden;
  };
  void make_room(const Wave& wave);
  void make_room(size_t context, size_t wanted);
  void drop(size_t slot);
  void decode_branches(const Wave& wave);
  void apply_heads(SlotStep& slot, size_t rank, const float* hidden) const;
  std::vector<double> values_of(const float* hidden) const;

  Policies& policy_;
  std::vector<RewardSource> sources_;
  /// One a context.
  std::vector<WindowReader> windows_;
  WaveLayout layout_;
  size_t n_objectives_ = 0;
  /// Of each slot.
  std::vector<std::vector<Rated>> rated_;
  /// Its last token was taken unrated.
  std::vector<bool> unread_;
  /// Values of the token before its last one, where that was so of it.
  std::vector<std::vector<double>> late_;
  uint64_t tokens_ = 0;
  uint64_t decodes_ = 0;
};

}  // namespace argsearch

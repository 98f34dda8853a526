#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "search/narrow/gates.h"
#include "search/propose/policies.h"
#include "search/results.h"
#include "search/reward/step_rewards.h"
#include "search/step.h"
#include "search/steps/lookahead.h"

namespace argsearch {

/// Search token by token (ARGS, Khanov et al., ICLR 2024, algorithm 1): propose, rate, select, commit.
class Steps {
 public:
  /// All of them outlive it.
  Steps(Policies& policy, const RewardSum& rewards, Lookahead& lookahead, size_t slots, size_t context_size)
      : policy_(policy),
        lookahead_(lookahead),
        context_size_(context_size),
        narrowers_(make_gates(rewards)),
        slots_(slots) {}

  /// `rewards` outlives the response; null: nothing is rated.
  void begin(size_t slot, const SlotSettings& settings, std::unique_ptr<Proposer> proposer, StepRewards* rewards);
  void clear(size_t slot);

  /// Exactly 1 policy token and k reward tokens a slot, whatever the prefix length; with a gate, fewer of these, and in
  /// some steps those that were left out before. A slot that looks ahead may take several.
  StepBatch step(const std::vector<size_t>& slots);
  /// The first half of a step: candidates and their rewards. OPTION_INVALID for a slot with a gate.
  StepBatch propose(const std::vector<size_t>& slots);
  /// The second half, with the combined rewards of each slot's candidates given.
  StepBatch commit(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards);

  /// The rewards of the last tokens of slots whose gates have left them out: of two at most, the one that ended the
  /// response and the one before.
  LateBatch rate_end(const std::vector<size_t>& slots);

  /// Is asked before every wave from now on.
  void add(std::unique_ptr<Narrower> narrower) { narrowers_.push_back(std::move(narrower)); }

  uint64_t taken() const { return taken_; }

 private:
  Step with_candidates(const std::vector<size_t>& slots, StepBatch& batch);
  void finish(Step& step, StepBatch& batch);
  void finish(std::vector<Window>& windows, StepBatch& batch);

  // The stages of a step.
  Step open(const std::vector<size_t>& slots, SlotState::Phase phase);
  bool is_full(const SlotStep& slot) const;
  void decode(Step& step, StepBatch& batch);
  void propose(Step& step, StepBatch& batch);
  size_t n_vocab() const;
  void rate(Step& step, bool choose_at_once);
  void narrow(Step& step);
  void choose(const StepPart& slots);
  void close(const Step& step, SlotState::Phase phase);
  StepResult result(SlotStep& slot) const;

  Policies& policy_;
  Lookahead& lookahead_;
  size_t context_size_;
  std::vector<std::unique_ptr<Narrower>> narrowers_;
  std::vector<SlotState> slots_;
  uint64_t taken_ = 0;
};

}  // namespace argsearch

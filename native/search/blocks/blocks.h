#pragma once

#include <cstdint>
#include <vector>

#include "search/blocks/draft_policy.h"
#include "search/blocks/draft_rating.h"

namespace argsearch {

/// A rated draft, as a choice among drafts sees it.
struct DraftResult {
  std::vector<llama_token> tokens;
  std::vector<double> log_probs;
  std::vector<double> policy_log_probs;
  /// UTF-8 bytes, possibly torn at the end.
  std::string text;
  /// It ends the response.
  bool end = false;
  /// One an objective, where the draft is rated, and their weighted sum; nullopt without a reward model.
  std::vector<double> objectives;
  std::optional<double> reward;
};

/// One slot's part of a call.
struct DraftedSlot {
  size_t slot = 0;
  /// Those that go on, when all of them wait to be chosen among; empty while they are drawn.
  std::vector<DraftResult> drafts;
};

struct DraftBatch {
  std::vector<DraftedSlot> slots;
  std::vector<FailedStep> failed;
  double policy_ms = 0;
  double reward_ms = 0;
};

struct KeptSlot {
  size_t slot = 0;
  /// The chosen draft's tokens, `rank` its place among the drafts, score NaN but for the last; empty when some drafts
  /// were dropped and the others go on.
  std::vector<StepResult> steps;
};

struct KeepBatch {
  std::vector<KeptSlot> slots;
  double policy_ms = 0;
  double reward_ms = 0;
};

/// Search by blocks: several drafts of a slot's next tokens are drawn from the policy, rated by their rewards alone
/// (the draws follow the policy already), and one is taken. draft() until there are drafts, then keep(); after half a
/// block keep() may drop some, and draft() goes on with the others.
class Blocks {
 public:
  /// Both outlive it.
  Blocks(Policies& policy, RewardSum& rewards, size_t slots, size_t context_size)
      : policy_(policy, context_size), rating_(rewards), context_size_(context_size), slots_(slots) {}

  /// MODEL_UNSUPPORTED for a policy that cannot branch, or whose states are too large for as many drafts as slots.
  void require_branches() const;
  /// `excluded` outlives the response.
  void begin(size_t slot, const SlotSettings& settings, SamplerChain chain, const Excluded& excluded);
  /// One more token for the drafts of these slots, in one batch; a slot without drafts begins a block of `tokens` at
  /// most, less where the context has no room. Those with their tokens are rated. A slot whose call fails needs a new
  /// begin().
  DraftBatch draft(const std::vector<size_t>& slots, const std::vector<size_t>& tokens);
  /// Chooses by the rewards given for each draft; none: the reward models' own.
  KeepBatch keep(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards);
  void clear(size_t slot);

  const Model& policy_model() const { return policy_.model(); }
  uint64_t policy_tokens() const { return policy_.tokens(); }
  uint64_t tokens_taken() const { return tokens_taken_; }

 private:
  std::vector<Drafting> open(const std::vector<size_t>& slots, BlockSlot::Phase phase);
  size_t room(size_t slot) const;
  void start(size_t slot, size_t tokens);
  std::vector<Drafting> rate(std::vector<Drafting> slots, const std::vector<FailedStep>& failed);
  void drop_hopeless(const Drafting& slot);
  size_t choose(const Drafting& slot, std::vector<double>& scores) const;
  std::vector<StepResult> result(const Drafting& slot, size_t chosen, double score) const;
  void finish(const Drafting& slot, size_t chosen);
  void abandon(const std::vector<size_t>& slots);

  DraftPolicy policy_;
  DraftRating rating_;
  size_t context_size_;
  std::vector<BlockSlot> slots_;
  uint64_t tokens_taken_ = 0;
};

}  // namespace argsearch

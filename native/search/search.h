#pragma once

#include <memory>
#include <vector>

#include "search/blocks/blocks.h"
#include "search/narrow/narrower.h"
#include "search/propose/policy.h"
#include "search/propose/sampler_factory.h"
#include "search/results.h"
#include "search/reward/reward_sum.h"
#include "search/step.h"

namespace argsearch {

struct SearchSettings {
  std::shared_ptr<const Model> policy;
  std::vector<RewardSource> rewards;
  uint32_t slots = 1;
  /// Tokens of prompt and response that one slot may hold.
  uint32_t context_size = 2048;
  ContextSettings context;
};

struct BeginResult {
  PrefillCount policy;
  std::vector<PrefillCount> rewards;
  double policy_ms = 0;
  double reward_ms = 0;
};

struct SearchCounters {
  uint64_t steps = 0;
  uint64_t policy_tokens = 0;
  uint64_t policy_prefill_tokens = 0;
  uint64_t reward_tokens = 0;
  uint64_t reward_prefill_tokens = 0;
  uint64_t policy_decodes = 0;
  uint64_t reward_decodes = 0;
  uint64_t reward_projections = 0;
  /// Milliseconds inside llama_decode, prefill included.
  double decode_ms = 0;
};

/// Reward-guided search over slots (ARGS, Khanov et al., ICLR 2024, algorithm 1). Every call serves all of its slots
/// with one batch of the policy, and as few of the reward models as llama.cpp has sequences for. Not thread-safe: one
/// thread calls.
class Search {
 public:
  /// OPTION_INVALID, MODEL_UNSUPPORTED, REWARD_HEAD_MISSING, OUT_OF_MEMORY.
  explicit Search(const SearchSettings& settings);

  /// Fills a slot with its prompts: the policy's, and one a reward model. PROMPT_EMPTY, PROMPT_TOO_LONG,
  /// GRAMMAR_INVALID.
  BeginResult begin(size_t slot, const std::vector<llama_token>& policy_prompt,
                    const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings);

  /// Propose, rate, select, commit: exactly 1 policy token and k reward tokens a slot, whatever the prefix length.
  StepBatch step(const std::vector<size_t>& slots);
  /// The first half of a step: candidates and their rewards.
  StepBatch propose(const std::vector<size_t>& slots);
  /// The second half, with the combined rewards of each slot's candidates given.
  StepBatch commit(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards);

  /// Slots of Method::kBlocks take no steps, but blocks.
  Blocks& blocks() { return blocks_; }

  /// Is asked before every wave from now on.
  void add(std::unique_ptr<Narrower> narrower) { narrowers_.push_back(std::move(narrower)); }

  void clear(size_t slot);
  SearchCounters counters() const;
  size_t policy_cache_bytes() const { return policy_.context().cache_bytes(); }
  std::vector<size_t> reward_cache_bytes() const { return rewards_.cache_bytes(); }

 private:
  void check_slots(const std::vector<size_t>& slots, SlotState::Phase phase) const;
  void check_prompts(const std::vector<llama_token>& policy_prompt,
                     const std::vector<std::vector<llama_token>>& reward_prompts) const;
  void check_rewards(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards) const;

  // The stages of a step.
  Step open(const std::vector<size_t>& slots);
  void decode(Step& step, StepBatch& batch);
  void propose(Step& step, StepBatch& batch);
  Candidates candidates_of(SlotStep& slot) const;
  void rate(Step& step, bool choose_at_once);
  void choose(const StepPart& slots);
  void close(const Step& step, SlotState::Phase phase);
  StepResult result(SlotStep& slot) const;

  // Contexts hold a pointer to it.
  std::shared_ptr<Interrupt> interrupt_;
  uint32_t context_size_;
  Policy policy_;
  RewardSum rewards_;
  /// Ids of the policy that a reward model lacks; and with them those that end a response.
  Excluded excluded_;
  Excluded excluded_and_ends_;
  SamplerFactory samplers_;
  std::vector<std::unique_ptr<Narrower>> narrowers_;
  std::vector<SlotState> slots_;
  Blocks blocks_;
  SearchCounters counters_;
};

}  // namespace argsearch

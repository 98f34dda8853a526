#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bounds.h"
#include "search/blocks/blocks.h"
#include "search/prefill.h"
#include "search/propose/excluded.h"
#include "search/propose/policies.h"
#include "search/propose/sampler_factory.h"
#include "search/reward/reward_sum.h"
#include "search/reward/shared_rewards.h"
#include "search/steps/lookahead.h"
#include "search/steps/steps.h"

namespace argsearch {

/// Most slots that share a context; none: as suits the device.
struct SlotsPerContext {
  std::optional<uint32_t> policy;
  std::optional<uint32_t> rewards;
};

struct SearchSettings {
  std::shared_ptr<const Model> policy;
  std::vector<RewardSource> rewards;
  uint32_t slots = 1;
  /// Tokens of prompt and response that one slot may hold.
  uint32_t context_size = 2048;
  /// Reward models on the policy's own weights are read in its context, where they read the same tokens.
  bool share_trunk = true;
  ContextSettings context;
  SlotsPerContext slots_per_context = {};
};

struct SearchCounters {
  uint64_t steps = 0;
  uint64_t policy_tokens = 0;
  uint64_t policy_prefill_tokens = 0;
  /// Prompt tokens that another slot held.
  uint64_t policy_shared_tokens = 0;
  uint64_t reward_tokens = 0;
  uint64_t reward_prefill_tokens = 0;
  uint64_t reward_shared_tokens = 0;
  uint64_t policy_decodes = 0;
  uint64_t reward_decodes = 0;
  uint64_t reward_projections = 0;
  /// Milliseconds inside llama_decode, prefill included.
  double decode_ms = 0;
};

/// Reward-guided search over slots, some of which share a context of each model. Every call serves
/// all of its slots with one batch of each context of the policy, and as few of the reward models' as llama.cpp has
/// sequences for. Not thread-safe: one thread calls.
class Search {
 public:
  /// OPTION_INVALID, MODEL_UNSUPPORTED, REWARD_HEAD_MISSING, OUT_OF_MEMORY.
  explicit Search(const SearchSettings& settings);

  /// Fills a slot with its prompts: the policy's, and where candidates are rated one a reward model. Decodes at most
  /// `most` tokens; where some are left, prefill() goes on. PROMPT_EMPTY, PROMPT_TOO_LONG, GRAMMAR_INVALID. What
  /// RewardSum::make_contexts() throws, where a trunk is shared and this slot cannot.
  BeginResult begin(size_t slot, const std::vector<llama_token>& policy_prompt,
                    const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings,
                    size_t most = kAllTokens);
  /// At most `most` more of the tokens that begin() left; the result is that of both. A slot whose call fails needs a
  /// new begin(). BUSY where nothing is left.
  BeginResult prefill(size_t slot, size_t most);

  /// Slots of Method::kBlocks go on in blocks, all others in steps.
  Steps& steps() { return steps_; }
  Blocks& blocks() { return blocks_; }

  void clear(size_t slot);
  /// Policy and reward models can read a slot together.
  bool shares_trunk() const { return shared_.has_value(); }
  SearchCounters counters() const;
  size_t policy_cache_bytes() const { return policy_.cache_bytes(); }
  std::vector<size_t> reward_cache_bytes() const { return rewards_.cache_bytes(); }

 private:
  void check_slot(size_t slot) const;
  void check_prompts(const std::vector<llama_token>& policy_prompt,
                     const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings) const;
  void check_lookahead(const SlotSettings& settings) const;
  StepRewards* rewards_for(const std::vector<llama_token>& policy_prompt,
                           const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings);
  /// A slot that begins, until its prompts are decoded.
  struct Beginning {
    Prefill prefill;
    SlotSettings settings;
    const Excluded* excluded;
    /// Null: nothing is rated.
    StepRewards* rewards;
    /// What it will decode with: this, or with blocks the chain.
    std::unique_ptr<Proposer> proposer;
    std::optional<SamplerChain> chain;
  };
  void count(const BeginResult& before, const BeginResult& after);

  // Contexts hold a pointer to it.
  std::shared_ptr<Interrupt> interrupt_;
  size_t n_slots_;
  uint32_t context_size_;
  Lanes lanes_;
  Policies policy_;
  RewardSum rewards_;
  std::optional<SharedRewards> shared_;
  Exclusions exclusions_;
  SamplerFactory samplers_;
  Lookahead lookahead_;
  Steps steps_;
  Blocks blocks_;
  std::vector<std::optional<Beginning>> beginnings_;
  SearchCounters counters_;
};

}  // namespace argsearch

#pragma once

#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "search/propose/policy.h"
#include "search/propose/sampler.h"
#include "search/reward/reward_sum.h"

namespace argsearch {

enum class Method {
  kArgs,    ///< the policy's top-k
  kSample,  ///< the one token that llama.cpp's samplers draw
};

/// How a slot decodes.
struct SlotSettings {
  Method method = Method::kArgs;
  size_t top_k = 10;
  double weight = 0.6;
  Combine combine = Combine::kInterpolate;
  Select select = Select::kGreedy;
  double temperature = 1;
  float top_p = 1;
  uint32_t seed = 0;
  /// Return every step's candidates.
  bool keep_candidates = false;
};

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

/// One slot's part of a step. After propose(), token is -1 and only the candidates are filled.
struct StepResult {
  size_t slot = 0;
  llama_token token = -1;
  size_t rank = 0;
  bool eog = false;
  std::string bytes;
  double log_prob = 0;
  double reward = 0;
  std::vector<double> objectives;
  double score = 0;
  std::optional<Candidates> candidates;
};

struct StepBatch {
  std::vector<StepResult> steps;
  double policy_ms = 0;
  double reward_ms = 0;
  double total_ms = 0;
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

  /// Fills a slot with its prompts: the policy's, and one a reward model. PROMPT_EMPTY, PROMPT_TOO_LONG.
  BeginResult begin(size_t slot, const std::vector<llama_token>& policy_prompt,
                    const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings);

  /// Propose, score, select, commit: exactly 1 policy token and k reward tokens a slot, whatever the prefix length.
  StepBatch step(const std::vector<size_t>& slots);
  /// The first half of a step: candidates and their rewards.
  StepBatch propose(const std::vector<size_t>& slots);
  /// The second half, with the combined rewards of each slot's candidates given.
  StepBatch commit(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards);

  void clear(size_t slot);
  SearchCounters counters() const;
  size_t policy_cache_bytes() { return policy_.context().cache_bytes(); }
  std::vector<size_t> reward_cache_bytes() const { return rewards_.cache_bytes(); }

 private:
  enum class Phase { kEmpty, kReady, kProposed };
  struct Slot {
    Phase phase = Phase::kEmpty;
    SlotSettings settings;
    std::mt19937_64 random;
    std::optional<Sampler> sampler;
    Candidates candidates;
  };

  void check_slots(const std::vector<size_t>& slots, Phase phase) const;
  void check_prompts(const std::vector<llama_token>& policy_prompt,
                     const std::vector<std::vector<llama_token>>& reward_prompts) const;
  void decode_policy(const std::vector<size_t>& slots, StepBatch& batch);
  void propose_candidates(const std::vector<size_t>& slots);
  std::vector<RewardSum::Request> reward_requests(const std::vector<size_t>& slots);
  // A group holds indices into what comes before it.
  void score(const std::vector<RewardSum::Request>& requests, const std::vector<size_t>& group);
  void select_and_commit(const std::vector<size_t>& slots, const std::vector<size_t>& group,
                         std::vector<StepResult>& steps);
  StepResult select(size_t index);

  // Contexts hold a pointer to it.
  std::shared_ptr<Interrupt> interrupt_;
  uint32_t context_size_;
  Policy policy_;
  RewardSum rewards_;
  std::vector<Slot> slots_;
  SearchCounters counters_;
};

}  // namespace argsearch

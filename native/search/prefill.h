#pragma once

#include <vector>

#include "search/propose/policies.h"
#include "search/reward/reward_sum.h"

namespace argsearch {

/// What filling a slot has found and decoded so far.
struct BeginResult {
  PrefillCount policy;
  std::vector<PrefillCount> rewards;
  double policy_ms = 0;
  double reward_ms = 0;
  /// Nothing is left to decode: the slot may go on.
  bool done = false;
};

/// How reward models read a slot.
struct RewardReading {
  /// They read the policy's prompt where it is.
  bool shared = false;
  /// StepRewards::state() will be asked for.
  bool states = false;
};

/// The prompts of one slot on their way into its caches: the policy's, then each reward model's. They may get there bit
/// by bit, so that other slots go on in between.
class Prefill {
 public:
  Prefill(size_t slot, std::vector<llama_token> policy_prompt, std::vector<std::vector<llama_token>> reward_prompts,
          RewardReading reading = {});

  /// Decodes at most `most` of the tokens that are missing, all models' together. After a failure the caches hold what
  /// was decoded before.
  void decode(Policies& policy, RewardSum& rewards, size_t most);
  const BeginResult& result() const { return result_; }

 private:
  size_t slot_;
  std::vector<llama_token> policy_prompt_;
  std::vector<std::vector<llama_token>> reward_prompts_;
  RewardReading reading_;
  BeginResult result_;
};

}  // namespace argsearch

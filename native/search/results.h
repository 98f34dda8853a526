#pragma once

#include <optional>
#include <string>
#include <vector>

#include "error.h"
#include "search/candidates.h"

namespace argsearch {

/// One slot's part of a step. After propose(), token is -1 and only the candidates are filled.
struct StepResult {
  size_t slot = 0;
  llama_token token = -1;
  size_t rank = 0;
  bool eog = false;
  std::string bytes;
  double log_prob = 0;
  double policy_log_prob = 0;
  /// Nullopt without a reward.
  std::optional<double> reward;
  std::vector<double> objectives;
  double score = 0;
  std::optional<Candidates> candidates;
  /// The policy's likeliest tokens, as many as were asked for.
  std::optional<Candidates> likeliest;
  /// Candidates that the reward models have rated.
  size_t rated = 0;
  bool audited = false;
  bool violated = false;
  bool predicted = false;
  /// See Candidates::waits.
  bool waits = false;
  /// The slot has no room for another token, in the policy's context or in a reward model's.
  bool full = false;
  /// Steps that were rated with it, and its place among them.
  size_t window = 1;
  size_t ahead = 0;
};

/// The reward of a token that was taken unrated.
struct LateReward {
  double reward = 0;
  std::vector<double> objectives;
};

/// Those of a slot's last token and of the one before, where their steps did not have them.
struct LateRewards {
  size_t slot = 0;
  std::optional<LateReward> last;
  std::optional<LateReward> before;
};

/// A slot that could not go on, while those beside it did. It needs a new begin().
struct FailedStep {
  size_t slot = 0;
  Error error;
};

struct LateBatch {
  std::vector<LateRewards> slots;
  double reward_ms = 0;
};

struct StepBatch {
  std::vector<StepResult> steps;
  std::vector<FailedStep> failed;
  double policy_ms = 0;
  double reward_ms = 0;
  double total_ms = 0;
};

}  // namespace argsearch

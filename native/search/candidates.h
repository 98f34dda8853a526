#pragma once

#include <vector>

#include "llama.h"

namespace argsearch {

/// The candidates of one step, in descending log-probability.
struct Candidates {
  std::vector<llama_token> tokens;
  /// Natural logarithms of probabilities over all tokens that the policy's samplers leave.
  std::vector<double> log_probs;
  /// The same by the policy itself, over the whole vocabulary.
  std::vector<double> policy_log_probs;
  /// Which of them end the response.
  std::vector<bool> ends;
  /// Which of them end inside a character, for a reward model that reads another vocabulary: their rewards are those of
  /// the text before it. Empty without such a model.
  std::vector<bool> waits;
  /// k x n objectives, row-major: every label of every reward model. NaN where it was not rated, as the two below.
  std::vector<double> objectives;
  /// Combined rewards; empty without any.
  std::vector<double> rewards;
  /// What the choice goes by; empty before it.
  std::vector<double> scores;

  size_t size() const { return tokens.size(); }
  bool rewarded() const { return !rewards.empty(); }
};

}  // namespace argsearch

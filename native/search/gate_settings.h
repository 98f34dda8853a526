#pragma once

namespace argsearch {

/// When the reward models are left out of a step, or of some of its candidates.
enum class Gate {
  kOff,             ///< never: every candidate is rated
  kBound,           ///< for candidates that cannot win, as far as rewards have ever differed
  kEntropy,         ///< where the policy's entropy is not above `limit` nats
  kTopProbability,  ///< where the policy's likeliest token has the probability `limit` or more
  kPredicted,       ///< for candidates that cannot win, as a predictor guesses their rewards
  kPredictedOnly,   ///< always: what the predictor guesses is all that counts
  kRandom,          ///< in a share `limit` of the steps, whatever they are: what the others are measured against
};

inline bool is_predicted(Gate gate) { return gate == Gate::kPredicted || gate == Gate::kPredictedOnly; }

struct GateSettings {
  Gate gate = Gate::kOff;
  /// Of kPredicted the rate of other tokens that is allowed; 0: what the predictor's file promises.
  double limit = 0;
  /// Candidates that kPredicted closes are rated all the same where that was seen to cost no time. What is rated then
  /// depends on measured times.
  bool fills = false;
};

}  // namespace argsearch

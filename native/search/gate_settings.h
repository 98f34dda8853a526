#pragma once

namespace argsearch {

/// When the reward models are left out of a step, or of some of its candidates.
enum class Gate {
  kOff,             ///< never: every candidate is rated
  kBound,           ///< for candidates that cannot win, as far as rewards have ever differed
  kEntropy,         ///< where the policy's entropy is not above `limit` nats
  kTopProbability,  ///< where the policy's likeliest token has the probability `limit` or more
  kRandom,          ///< in a share `limit` of the steps, whatever they are: what the others are measured against
};

struct GateSettings {
  Gate gate = Gate::kOff;
  double limit = 0;
};

}  // namespace argsearch

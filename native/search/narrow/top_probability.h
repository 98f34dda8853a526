#pragma once

#include "search/narrow/narrower.h"

namespace argsearch {

/// Spares the reward models the steps in which the likeliest token of the policy's own distribution, before any
/// sampler, has at least the probability that is the slot's limit.
class TopProbability : public Narrower {
 public:
  void narrow(Step& step) override;
};

}  // namespace argsearch

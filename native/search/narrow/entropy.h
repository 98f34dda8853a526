#pragma once

#include "search/narrow/narrower.h"

namespace argsearch {

/// -sum p ln p over the whole vocabulary, in nats.
double entropy(const float* logits, size_t n_vocab);

/// Spares the reward models the steps in which the policy is sure: where the entropy of its own distribution, before
/// any sampler, is not above the slot's limit (SIA, arXiv 2602.21215).
class Entropy : public Narrower {
 public:
  void narrow(Step& step) override;
};

}  // namespace argsearch

#pragma once

#include "search/propose/proposer.h"

namespace argsearch {

/// ln sum exp of logits; not finite when one is NaN or +infinity, or all are -infinity.
double log_sum_exp(const float* logits, size_t n_vocab);

/// The k most likely tokens with finite logits, ties to the lower id; fewer when the vocabulary has fewer of them.
class TopK : public Proposer {
 public:
  explicit TopK(size_t k) : k_(k) {}
  Candidates propose(const float* logits, size_t n_vocab) override;

 private:
  size_t k_;
};

}  // namespace argsearch

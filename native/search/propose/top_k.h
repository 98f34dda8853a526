#pragma once

#include "search/propose/proposer.h"

namespace argsearch {

/// ln sum exp of logits; not finite when one is NaN or +infinity, or all are -infinity.
double log_sum_exp(const float* logits, size_t n_vocab);

/// The k most likely of the tokens that are not excluded and have finite logits, ties to the lower id; fewer when there
/// are fewer.
class TopK : public Proposer {
 public:
  TopK(size_t k, const Excluded& excluded) : k_(k), excluded_(excluded) {}
  Candidates propose(const float* logits, size_t n_vocab) override;
  std::unique_ptr<Proposer> clone() const override { return std::make_unique<TopK>(*this); }

 private:
  size_t k_;
  const Excluded& excluded_;
};

}  // namespace argsearch

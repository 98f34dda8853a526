#pragma once

#include "search/propose/proposer.h"

namespace argsearch {

/// The k most likely of the tokens that are not excluded and whose logits are more than -infinity, ties to the lower
/// id; fewer when there are fewer. With log_probs: logits less `norm`. Of logits without NaN.
Candidates most_likely(const float* logits, size_t n_vocab, size_t k, const Excluded& excluded, double norm);

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

#pragma once

#include "search/propose/sampler_chain.h"

namespace argsearch {

/// The k most likely tokens of what the policy's samplers leave, ties to the lower id; fewer when fewer are left.
class SampledTopK : public Proposer {
 public:
  SampledTopK(size_t k, SamplerChain chain, const Excluded& excluded)
      : k_(k), excluded_(excluded), chain_(std::move(chain)) {}

  Candidates propose(const float* logits, size_t n_vocab) override;
  void accept(llama_token token) override { chain_.accept(token); }
  std::unique_ptr<Proposer> clone() const override {
    return std::make_unique<SampledTopK>(k_, chain_.clone(), excluded_);
  }

 private:
  size_t k_;
  const Excluded& excluded_;
  SamplerChain chain_;
};

}  // namespace argsearch

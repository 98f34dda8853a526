#pragma once

#include "search/propose/sampler_chain.h"

namespace argsearch {

/// The one token that llama.cpp's samplers draw. They do not see excluded tokens. Its log-probability is the policy's
/// own.
class Draw : public Proposer {
 public:
  /// A chain that ends in a draw.
  Draw(SamplerChain chain, const Excluded& excluded) : excluded_(excluded), chain_(std::move(chain)) {}

  Candidates propose(const float* logits, size_t n_vocab) override;
  void accept(llama_token token) override { chain_.accept(token); }
  std::unique_ptr<Proposer> clone() const override { return std::make_unique<Draw>(chain_.clone(), excluded_); }

 private:
  const Excluded& excluded_;
  SamplerChain chain_;
};

}  // namespace argsearch

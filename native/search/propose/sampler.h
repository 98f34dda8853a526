#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/llama_api.h"
#include "search/propose/proposer.h"

namespace argsearch {

/// llama.cpp's own samplers, for the baselines: top-k, top-p, temperature, then a draw, which is the only candidate.
/// They do not see excluded tokens.
class Sampler : public Proposer {
 public:
  /// top_k 0 and top_p 1 are off; a temperature of 0, or too small to divide by, is greedy. Every seed repeats itself.
  Sampler(int32_t top_k, float top_p, double temperature, uint32_t seed, const Excluded& excluded);

  Candidates propose(const float* logits, size_t n_vocab) override;
  void accept(llama_token token) override;

 private:
  llama_token sample(const float* logits, size_t n_vocab);

  struct FreeSampler {
    void operator()(llama_sampler* sampler) const { engine().llama_sampler_free(sampler); }
  };
  const Excluded& excluded_;
  std::unique_ptr<llama_sampler, FreeSampler> chain_;
  std::vector<llama_token_data> tokens_;
};

}  // namespace argsearch

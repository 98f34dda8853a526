#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "search/propose/sampler_chain.h"

namespace argsearch {

/// The seed of a draft's draws: splitmix64's output for seed + 2^32 draft + 2^48 block, both counted from 0 and taken
/// by their lowest 16 bits. No draft's tokens depend on how many others there are.
uint64_t draft_seed(uint32_t seed, size_t block, size_t draft);

struct DrawnToken {
  llama_token token;
  /// By what the samplers leave, and by the policy itself.
  double log_prob;
  double policy_log_prob;
};

/// Draws one token of what the chain leaves: the first, by ascending id, at which the sum of probabilities exceeds the
/// highest 53 bits of the next random number, as a fraction. `norm`: log_sum_exp() of the logits.
/// SAMPLERS_LEAVE_NOTHING.
DrawnToken draw_token(SamplerChain& chain, std::mt19937_64& random, const float* logits, size_t n_vocab, double norm,
                      const Excluded& excluded);

}  // namespace argsearch

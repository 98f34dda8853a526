#pragma once

#include <cstddef>

#include "llama.h"

namespace argsearch {

/// What a reward model gives: its head's labels, of a text; or as a causal language model, of each token that may
/// follow.
enum class RewardKind {
  kHead,
  kLogProb,  ///< ln P of the token (GenARM, Xu et al., ICLR 2025)
  kLogit,    ///< its logit (FaRMA, ICML 2025; Q heads)
};

/// The values of tokens, out of a row of logits.
class TokenValues {
 public:
  /// Not of kHead. `logits` outlives it.
  TokenValues(RewardKind kind, const float* logits, size_t n_vocab);

  /// Not finite where the logits are not.
  double operator()(llama_token token) const { return static_cast<double>(logits_[token]) - norm_; }

 private:
  const float* logits_;
  double norm_;
};

}  // namespace argsearch

#include "search/propose/sampled_top_k.h"

#include <cmath>

#include "search/propose/log_sum_exp.h"
#include "search/propose/top_k.h"

namespace argsearch {

Candidates SampledTopK::propose(const float* logits, size_t n_vocab) {
  const double policy_norm = log_sum_exp(logits, n_vocab);
  // Before the samplers, which sort: NaN has no order.
  if (!std::isfinite(policy_norm)) return {};
  const float* left = chain_.left(logits, n_vocab, excluded_);
  const double norm = left == logits ? policy_norm : log_sum_exp(left, n_vocab);
  if (!std::isfinite(norm)) throw nothing_left();
  // The chain has seen to what is excluded.
  Candidates candidates = most_likely(left, n_vocab, k_, {}, norm);
  for (const llama_token token : candidates.tokens) candidates.policy_log_probs.push_back(logits[token] - policy_norm);
  return candidates;
}

}  // namespace argsearch

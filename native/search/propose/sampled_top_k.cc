#include "search/propose/sampled_top_k.h"

#include <algorithm>
#include <cmath>

#include "search/propose/log_sum_exp.h"

namespace argsearch {
namespace {

bool more_likely(const llama_token_data& a, const llama_token_data& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

}  // namespace

Candidates SampledTopK::propose(const float* logits, size_t n_vocab) {
  const double policy_norm = log_sum_exp(logits, n_vocab);
  // Before the samplers, which sort: NaN has no order.
  if (!std::isfinite(policy_norm)) return {};
  const llama_token_data_array array = chain_.apply(logits, n_vocab, excluded_);
  const auto end = std::partition(array.data, array.data + array.size,
                                  [](const llama_token_data& token) { return std::isfinite(token.logit); });
  if (end == array.data) throw nothing_left();
  const auto cut = array.data + std::min<ptrdiff_t>(end - array.data, static_cast<ptrdiff_t>(k_));
  std::partial_sort(array.data, cut, end, more_likely);
  const double most = array.data[0].logit;
  double sum = 0;
  for (const llama_token_data* token = array.data; token != end; ++token) sum += std::exp(token->logit - most);
  const double norm = most + std::log(sum);

  Candidates candidates;
  for (const llama_token_data* token = array.data; token != cut; ++token) {
    candidates.tokens.push_back(token->id);
    candidates.log_probs.push_back(token->logit - norm);
    candidates.policy_log_probs.push_back(logits[token->id] - policy_norm);
  }
  return candidates;
}

}  // namespace argsearch

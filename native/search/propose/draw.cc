#include "search/propose/draw.h"

#include <cmath>

#include "error.h"
#include "search/propose/log_sum_exp.h"

namespace argsearch {

Candidates Draw::propose(const float* logits, size_t n_vocab) {
  const double norm = log_sum_exp(logits, n_vocab);
  // Before the samplers, which sort: NaN has no order.
  if (!std::isfinite(norm)) return {};
  const llama_token_data_array drawn = chain_.apply(logits, n_vocab, excluded_);
  if (drawn.selected < 0 || static_cast<size_t>(drawn.selected) >= drawn.size) {
    throw Error(ErrorCode::kDecodeFailed, "llama.cpp's samplers chose no token.");
  }
  const llama_token_data& token = drawn.data[drawn.selected];
  if (!(token.p > 0) || !std::isfinite(token.logit)) throw nothing_left();
  Candidates candidates;
  candidates.tokens = {token.id};
  candidates.log_probs = {logits[token.id] - norm};
  candidates.policy_log_probs = candidates.log_probs;
  return candidates;
}

}  // namespace argsearch

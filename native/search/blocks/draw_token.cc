#include "search/blocks/draw_token.h"

#include <algorithm>
#include <cmath>

#include "search/select/select.h"

namespace argsearch {

uint64_t draft_seed(uint32_t seed, size_t block, size_t draft) {
  const uint64_t place = (uint64_t{block & 0xffff} << 48) | (uint64_t{draft & 0xffff} << 32) | seed;
  uint64_t mixed = place + 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

DrawnToken draw_token(SamplerChain& chain, std::mt19937_64& random, const float* logits, size_t n_vocab, double norm,
                      const Excluded& excluded) {
  const llama_token_data_array left = chain.apply(logits, n_vocab, excluded);
  const auto end = std::partition(left.data, left.data + left.size,
                                  [](const llama_token_data& token) { return std::isfinite(token.logit); });
  if (end == left.data) throw nothing_left();
  // Samplers leave them in any order; a seed should give the same token whatever it is.
  std::sort(left.data, end, [](const llama_token_data& a, const llama_token_data& b) { return a.id < b.id; });
  std::vector<double> scores;
  for (const llama_token_data* token = left.data; token != end; ++token) scores.push_back(token->logit);
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - most);
  const size_t place = select_candidate(scores, Select::kStochastic, 1, random);
  const llama_token token = left.data[place].id;
  return {token, scores[place] - most - std::log(sum), logits[token] - norm};
}

}  // namespace argsearch

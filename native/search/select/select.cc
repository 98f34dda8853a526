#include "search/select/select.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace argsearch {
namespace {

struct Ranked {
  float logit;
  llama_token token;
};

/// Heap order: the least likely of the kept candidates on top.
bool more_likely(const Ranked& a, const Ranked& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

std::vector<Ranked> top_logits(const float* logits, size_t n_vocab, size_t k) {
  std::vector<Ranked> heap;
  heap.reserve(k);
  for (size_t i = 0; i < n_vocab; ++i) {
    const float logit = logits[i];
    const bool full = heap.size() == k;
    // Ids ascend, so an equal logit never displaces a kept one.
    if (!(logit > (full ? heap.front().logit : -std::numeric_limits<float>::infinity()))) continue;
    if (full) {
      std::pop_heap(heap.begin(), heap.end(), more_likely);
      heap.pop_back();
    }
    heap.push_back({logit, static_cast<llama_token>(i)});
    std::push_heap(heap.begin(), heap.end(), more_likely);
  }
  std::sort_heap(heap.begin(), heap.end(), more_likely);
  return heap;
}

}  // namespace

double log_sum_exp(const float* logits, size_t n_vocab) {
  const float most = *std::max_element(logits, logits + n_vocab);
  double sum = 0;
  for (size_t i = 0; i < n_vocab; ++i) sum += std::exp(logits[i] - most);
  return most + std::log(sum);
}

Candidates top_candidates(const float* logits, size_t n_vocab, size_t k) {
  Candidates candidates;
  const double norm = log_sum_exp(logits, n_vocab);
  if (!std::isfinite(norm)) return candidates;
  for (const Ranked& ranked : top_logits(logits, n_vocab, std::min(k, n_vocab))) {
    candidates.tokens.push_back(ranked.token);
    candidates.log_probs.push_back(ranked.logit - norm);
  }
  return candidates;
}

double combine_score(double log_prob, double reward, double weight, Combine combine) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const double score = (combine == Combine::kInterpolate ? 1 - weight : 1.0) * log_prob + weight * reward;
  return std::clamp(score, -kMost, kMost);  // infinite ones could not be told apart, nor drawn from
}

size_t select_candidate(const std::vector<double>& scores, Select select, double temperature, std::mt19937_64& random) {
  const auto best = std::max_element(scores.begin(), scores.end());
  if (select == Select::kGreedy) return static_cast<size_t>(best - scores.begin());
  std::vector<double> cumulative;
  double sum = 0;
  for (const double score : scores) cumulative.push_back(sum += std::exp((score - *best) / temperature));
  // 53 bits to [0, 1) by hand: the standard's distributions differ between libraries, a seed should not.
  const double draw = static_cast<double>(random() >> 11) * 0x1p-53 * sum;
  const auto chosen = std::upper_bound(cumulative.begin(), cumulative.end(), draw);
  return std::min(static_cast<size_t>(chosen - cumulative.begin()), scores.size() - 1);
}

}  // namespace argsearch

#include "search/propose/top_k.h"

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

std::vector<Ranked> top_logits(const float* logits, size_t n_vocab, size_t k, const Excluded& excluded) {
  std::vector<Ranked> heap;
  heap.reserve(k);
  for (size_t i = 0; i < n_vocab; ++i) {
    const float logit = logits[i];
    const bool full = heap.size() == k;
    // Ids ascend, so an equal logit never displaces a kept one.
    if (!(logit > (full ? heap.front().logit : -std::numeric_limits<float>::infinity()))) continue;
    if (!excluded.empty() && excluded[i]) continue;
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

Candidates TopK::propose(const float* logits, size_t n_vocab) {
  Candidates candidates;
  const double norm = log_sum_exp(logits, n_vocab);
  if (!std::isfinite(norm)) return candidates;
  for (const Ranked& ranked : top_logits(logits, n_vocab, std::min(k_, n_vocab), excluded_)) {
    candidates.tokens.push_back(ranked.token);
    candidates.log_probs.push_back(ranked.logit - norm);
  }
  candidates.policy_log_probs = candidates.log_probs;
  return candidates;
}

}  // namespace argsearch

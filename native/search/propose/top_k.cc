#include "search/propose/top_k.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/propose/exponentials.h"
#include "search/propose/log_sum_exp.h"

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

/// The k highest of what it is shown.
class Highest {
 public:
  explicit Highest(size_t k) : k_(k) { heap_.reserve(k); }

  /// A logit must be above it.
  float threshold() const { return heap_.size() == k_ ? heap_.front().logit : -std::numeric_limits<float>::infinity(); }
  void keep(const Ranked& ranked) {
    if (heap_.size() == k_) {
      std::pop_heap(heap_.begin(), heap_.end(), more_likely);
      heap_.pop_back();
    }
    heap_.push_back(ranked);
    std::push_heap(heap_.begin(), heap_.end(), more_likely);
  }
  std::vector<Ranked> sorted() && {
    std::sort_heap(heap_.begin(), heap_.end(), more_likely);
    return std::move(heap_);
  }

 private:
  size_t k_;
  std::vector<Ranked> heap_;
};

std::vector<Ranked> top_logits(const float* logits, size_t n_vocab, size_t k, const Excluded& excluded) {
  Highest top(k);
  for (size_t begin = 0; begin < n_vocab; begin += kBlock) {
    const size_t end = std::min(begin + kBlock, n_vocab);
    // True of most blocks, and found out at once.
    if (!(highest(logits + begin, end - begin) > top.threshold())) continue;
    for (size_t i = begin; i < end; ++i) {
      // Ids ascend, so an equal logit never displaces a kept one.
      if (!(logits[i] > top.threshold())) continue;
      if (excluded.empty() || !excluded[i]) top.keep({logits[i], static_cast<llama_token>(i)});
    }
  }
  return std::move(top).sorted();
}

}  // namespace

Candidates most_likely(const float* logits, size_t n_vocab, size_t k, const Excluded& excluded, double norm) {
  Candidates candidates;
  for (const Ranked& ranked : top_logits(logits, n_vocab, std::min(k, n_vocab), excluded)) {
    candidates.tokens.push_back(ranked.token);
    candidates.log_probs.push_back(ranked.logit - norm);
  }
  return candidates;
}

Candidates TopK::propose(const float* logits, size_t n_vocab) {
  const double norm = log_sum_exp(logits, n_vocab);
  if (!std::isfinite(norm)) return {};
  Candidates candidates = most_likely(logits, n_vocab, k_, excluded_, norm);
  candidates.policy_log_probs = candidates.log_probs;
  return candidates;
}

}  // namespace argsearch

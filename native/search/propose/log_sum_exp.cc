#include "search/propose/log_sum_exp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/propose/exponentials.h"

namespace argsearch {

float highest(const float* values, size_t n) {
  std::array<float, kLanes> most;
  most.fill(-std::numeric_limits<float>::infinity());
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      most[lane] = most[lane] < values[i + lane] ? values[i + lane] : most[lane];
    }
  }
  for (; i < n; ++i) most[0] = std::max(most[0], values[i]);
  return *std::max_element(most.begin(), most.end());
}

double log_sum_exp(const float* logits, size_t n_vocab) {
  const float most = highest(logits, n_vocab);
  LaneSum sum;
  for (size_t i = 0; i < n_vocab; i += kBlock) sum.add(exponentials(exponents(logits + i, n_vocab - i, most)));
  return most + std::log(sum.total());
}

}  // namespace argsearch

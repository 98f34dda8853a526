#include "search/select/select.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace argsearch {

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

void select(SlotStep& step) {
  Candidates& candidates = step.candidates;
  const SlotSettings& settings = step.state->settings;
  candidates.scores = candidates.log_probs;
  for (size_t rank = 0; candidates.rewarded() && rank < candidates.size(); ++rank) {
    candidates.scores[rank] =
        combine_score(candidates.log_probs[rank], candidates.rewards[rank], settings.weight, settings.combine);
  }
  for (size_t rank = 0; rank < candidates.size(); ++rank) {
    if (!step.open[rank]) candidates.scores[rank] = -std::numeric_limits<double>::infinity();
  }
  step.chosen = select_candidate(candidates.scores, settings.select, settings.temperature, step.state->random);
}

}  // namespace argsearch

#include "search/select/select.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace argsearch {

bool are_rewards(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value) || value == kBan; });
}

double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

double combine_score(double log_prob, double reward, double weight, Combine combine) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const double score = (combine == Combine::kInterpolate ? 1 - weight : 1.0) * log_prob + weight * reward;
  return std::clamp(score, -kMost, kMost);  // infinite ones could not be told apart, nor drawn from
}

size_t select_candidate(const std::vector<double>& scores, Select select, double temperature, std::mt19937_64& random) {
  const auto best = std::max_element(scores.begin(), scores.end());
  if (select == Select::kGreedy || *best == kBan) return static_cast<size_t>(best - scores.begin());
  std::vector<double> cumulative;
  double sum = 0;
  for (const double score : scores) cumulative.push_back(sum += std::exp((score - *best) / temperature));
  const double draw = uniform(random) * sum;
  const auto chosen = std::upper_bound(cumulative.begin(), cumulative.end(), draw);
  return std::min(static_cast<size_t>(chosen - cumulative.begin()), scores.size() - 1);
}

namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

/// It competes: by its reward, or in a step that goes without rewards.
bool competes(const SlotStep& step, size_t rank) { return step.open[rank] && (step.rated[rank] || step.gated); }

/// The highest reward of a candidate that goes on; nullopt when none does.
std::optional<double> best_going_on(const SlotStep& step) {
  std::optional<double> best;
  for (size_t rank = 0; rank < step.candidates.size(); ++rank) {
    if (!competes(step, rank) || step.candidates.ends[rank]) continue;
    best = std::max(best.value_or(kNone), step.candidates.rewards[rank]);
  }
  return best;
}

/// The candidates' rewards as their scores take them. Where the policy alone decides when to end, an end is neither
/// better nor worse than the best way to go on; where all are ends, none is better than another.
std::vector<double> scored_rewards(const SlotStep& step) {
  std::vector<double> rewards = step.candidates.rewards;
  if (step.state->settings.ending != Ending::kPolicy) return rewards;
  const double best = best_going_on(step).value_or(0);
  for (size_t rank = 0; rank < rewards.size(); ++rank) {
    if (step.candidates.ends[rank]) rewards[rank] = best;
  }
  return rewards;
}

}  // namespace

void select(SlotStep& step) {
  Candidates& candidates = step.candidates;
  const SlotSettings& settings = step.state->settings;
  candidates.scores = candidates.log_probs;
  if (candidates.rewarded() && !step.gated) {
    const std::vector<double> rewards = scored_rewards(step);
    for (size_t rank = 0; rank < candidates.size(); ++rank) {
      if (!step.rated[rank]) continue;
      candidates.scores[rank] =
          combine_score(candidates.log_probs[rank], rewards[rank], settings.weight, settings.combine);
    }
  }
  for (size_t rank = 0; rank < candidates.size(); ++rank) {
    if (!competes(step, rank)) candidates.scores[rank] = kNone;
  }
  step.chosen = select_candidate(candidates.scores, settings.select, settings.temperature, step.state->random);
  for (size_t rank = 0; rank < candidates.size(); ++rank) {
    if (!step.rated[rank]) candidates.scores[rank] = std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace argsearch

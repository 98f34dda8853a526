#include "search/reward/objectives.h"

#include <algorithm>

namespace argsearch {

Objectives::Columns Objectives::add(const RewardSource& source) {
  const Columns columns{all_.size(), source.weights.size(), 1};
  const bool of_tokens = source.kind != RewardKind::kHead;
  for (const double weight : source.weights) all_.push_back({weight, sources_, of_tokens, source.base_is_policy});
  ++sources_;
  return columns;
}

void Objectives::add(const Columns& columns, const double* values, double* row) const {
  for (size_t label = 0; label < columns.count; ++label) row[columns.first + label] += columns.sign * values[label];
}

void Objectives::less_policy(double log_prob, double* row) const {
  for (size_t objective = 0; objective < size(); ++objective) {
    if (all_[objective].less_policy) row[objective] -= log_prob;
  }
}

double Objectives::sum(const double* row) const {
  double sum = 0;
  for (const Objective& objective : all_) sum += objective.weight * *row++;
  check_sum(sum);
  return sum;
}

void Objectives::open_row(Candidates& candidates, size_t rank) const {
  std::fill_n(row(candidates, rank), size(), 0.0);
}

void Objectives::close_row(Candidates& candidates, size_t rank) const {
  less_policy(candidates.policy_log_probs[rank], row(candidates, rank));
  candidates.rewards[rank] = sum(row(candidates, rank));
}

}  // namespace argsearch

#include "search/reward/objectives.h"

#include <algorithm>

namespace argsearch {

Objectives::Columns Objectives::add(const RewardSource& source) {
  const Columns columns{all_.size(), source.weights.size(), 1};
  const bool of_tokens = source.kind != RewardKind::kHead;
  const double policy_sign = source.base_is_policy ? -1 : source.model_is_policy ? 1 : 0;
  for (const double weight : source.weights) all_.push_back({weight, sources_, of_tokens, policy_sign});
  ++sources_;
  return columns;
}

void Objectives::add(const Columns& columns, const double* values, double* row) const {
  for (size_t label = 0; label < columns.count; ++label) row[columns.first + label] += columns.sign * values[label];
}

void Objectives::add_policy(double log_prob, double* row) const {
  for (const Objective& objective : all_) {
    if (objective.policy_sign != 0) *row += objective.policy_sign * log_prob;
    ++row;
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
  add_policy(candidates.policy_log_probs[rank], row(candidates, rank));
  candidates.rewards[rank] = sum(row(candidates, rank));
}

}  // namespace argsearch

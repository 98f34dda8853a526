#pragma once

#include "search/step.h"

namespace argsearch {

double combine_score(double log_prob, double reward, double weight, Combine combine);

/// The rank that wins. `random` is drawn from once a stochastic selection.
size_t select_candidate(const std::vector<double>& scores, Select select, double temperature, std::mt19937_64& random);

/// Scores the slot's candidates and chooses one of those that are open. Without rewards the log-probability is the
/// score.
void select(SlotStep& step);

}  // namespace argsearch

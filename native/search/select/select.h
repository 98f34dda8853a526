#pragma once

#include <limits>
#include <random>
#include <vector>

#include "search/step.h"

namespace argsearch {

/// The reward of what must not be taken while anything else can be.
constexpr double kBan = -std::numeric_limits<double>::infinity();

/// Finite, or kBan.
bool are_rewards(const std::vector<double>& values);

double combine_score(double log_prob, double reward, double weight, Combine combine);

/// The rank that wins; the first where every score is -infinity. `random` is drawn from once a stochastic selection.
size_t select_candidate(const std::vector<double>& scores, Select select, double temperature, std::mt19937_64& random);

/// Scores the slot's candidates and chooses one of those that are open. Without rewards the log-probability is the
/// score.
void select(SlotStep& step);

}  // namespace argsearch

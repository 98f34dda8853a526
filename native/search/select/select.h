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

/// In [0, 1), of 53 bits: the standard's distributions differ between libraries, a seed should not.
double uniform(std::mt19937_64& random);

double combine_score(double log_prob, double reward, double weight, Combine combine);

/// The rank that wins; the first where every score is -infinity. `random` is drawn from once a stochastic selection.
size_t select_candidate(const std::vector<double>& scores, Select select, double temperature, std::mt19937_64& random);

/// Scores the slot's candidates and chooses one of those that are open and rated. Without rewards the log-probability
/// is the score; in a gated step it decides, and there are no scores.
void select(SlotStep& step);

}  // namespace argsearch

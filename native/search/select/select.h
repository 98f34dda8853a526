#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "llama.h"

namespace argsearch {

/// How log-probability and reward become one score (ARGS, Khanov et al., ICLR 2024, eq. 3, and its published code).
enum class Combine {
  kInterpolate,  ///< (1 - w) log P + w r
  kAdditive,     ///< log P + w r
};

enum class Select {
  kGreedy,      ///< arg max, ties to the more likely candidate
  kStochastic,  ///< sample from softmax(score / temperature)
};

/// The candidates of one step, in descending log-probability.
struct Candidates {
  std::vector<llama_token> tokens;
  /// Natural logarithms of probabilities over the whole vocabulary.
  std::vector<double> log_probs;
  /// Combined rewards; NaN without a reward model.
  std::vector<double> rewards;
  /// k x n objectives, row-major: every label of every reward model.
  std::vector<double> objectives;
  std::vector<double> scores;

  size_t size() const { return tokens.size(); }
};

/// The k most likely tokens with finite logits, ties to the lower id. Fewer when the vocabulary has fewer of them; none
/// when a logit is NaN.
Candidates top_candidates(const float* logits, size_t n_vocab, size_t k);

/// ln sum exp of finite logits.
double log_sum_exp(const float* logits, size_t n_vocab);

double combine_score(double log_prob, double reward, double weight, Combine combine);

/// The rank that wins. `random` is drawn from once a stochastic selection.
size_t select_candidate(const std::vector<double>& scores, Select select, double temperature, std::mt19937_64& random);

}  // namespace argsearch

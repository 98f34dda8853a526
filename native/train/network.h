#pragma once

#include <cstdint>
#include <vector>

#include "model/reward_predictor.h"
#include "train/adam.h"

namespace argsearch {

/// Candidates of some steps, as a network reads them. Inputs are standardised.
struct NetworkBatch {
  /// steps x n_hidden, and the first candidate of each step with the end behind the last.
  std::vector<float> hidden;
  std::vector<size_t> starts;
  /// Different tokens x n_token, and which of them each candidate is.
  std::vector<float> rows;
  std::vector<size_t> row_of;
  /// One a candidate.
  std::vector<float> targets;

  size_t steps() const { return starts.size() - 1; }
  size_t candidates() const { return row_of.size(); }
};

/// The perceptron of PredictorWeights while it learns.
class Network {
 public:
  /// Weights by He et al. (ICCV 2015), drawn by `seed`. Widths are multiples of 8.
  Network(size_t n_hidden, size_t n_token, size_t width, size_t width_2, float decay, uint32_t seed, int threads);

  /// One guess a candidate; what learn() goes back through.
  const std::vector<float>& guess(const NetworkBatch& batch);
  /// Adds to the gradients, of the loss's `slopes` by each guess that was made last.
  void learn(const NetworkBatch& batch, const std::vector<float>& slopes);
  /// One step of the optimiser; `step` counts from 1.
  void move(float rate, size_t step);

  PredictorWeights weights() const;

 private:
  void project(const NetworkBatch& batch);

  size_t n_hidden_;
  size_t n_token_;
  size_t width_;
  size_t width_2_;
  int threads_;
  Trained from_hidden_;
  Trained from_token_;
  Trained bias_;
  Trained second_;
  Trained second_bias_;
  Trained out_;
  Trained out_bias_;
  // Of the last batch.
  std::vector<float> hidden_part_;
  std::vector<float> token_part_;
  std::vector<float> first_units_;
  std::vector<float> second_units_;
  std::vector<float> guesses_;
};

}  // namespace argsearch

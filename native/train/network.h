#pragma once

#include <cstdint>
#include <random>
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

struct NetworkSettings {
  /// Units of the two layers, multiples of 8.
  size_t width = 256;
  size_t width_2 = 64;
  /// Of AdamW.
  float decay = 0.02f;
  /// Share of the units that are dropped.
  double dropped = 0.2;
  uint32_t seed = 0;
  int threads = 2;
};

/// The perceptron of PredictorWeights while it learns.
class Network {
 public:
  /// Weights by He et al. (ICCV 2015), drawn by the seed.
  Network(size_t n_hidden, size_t n_token, const NetworkSettings& settings);

  /// One guess a candidate; what learn() goes back through. Where it `drops`, a share of the units is left out at
  /// random and the others count for more (Srivastava et al., JMLR 2014).
  const std::vector<float>& guess(const NetworkBatch& batch, bool drops = false);
  /// Adds to the gradients, of the loss's `slopes` by each guess that was made last.
  void learn(const NetworkBatch& batch, const std::vector<float>& slopes);
  /// One step of the optimiser; `step` counts from 1.
  void move(float rate, size_t step);

  PredictorWeights weights() const;

 private:
  void project(const NetworkBatch& batch);
  void drop(std::vector<float>& units);

  size_t n_hidden_;
  size_t n_token_;
  size_t width_;
  size_t width_2_;
  int threads_;
  double dropped_;
  std::mt19937_64 random_;
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
  /// By which dropping others has made units count for more.
  float factor_ = 1;
};

}  // namespace argsearch

#pragma once

#include <cstdint>
#include <vector>

#include "model/reward_predictor.h"
#include "model/token_rows.h"
#include "train/network.h"

namespace argsearch {

/// What a step is for. Steps of one prompt have one role.
enum class StepRole : int32_t {
  kTraining,  ///< is learned from
  kStopping,  ///< says when to stop
  kHeldOut,   ///< takes no part; it is guessed like the others
};

/// Steps of decoding: the prefix's state, and candidates with what the reward rose by.
struct Trajectories {
  size_t n_hidden = 0;
  /// steps x n_hidden: the reward model's final-norm hidden state at the prefix's end.
  std::vector<float> hidden;
  /// One a step: how many candidates it has.
  std::vector<int32_t> counts;
  std::vector<StepRole> roles;
  /// One a candidate, step by step.
  std::vector<llama_token> tokens;
  /// The same: the candidate's reward less that of the prefix.
  std::vector<float> rises;
};

/// Subtracts a mean from each column and divides by a deviation.
struct Scaling {
  std::vector<float> mean;
  std::vector<float> deviation;

  /// Of rows that stand one behind the other.
  static Scaling of(const std::vector<const float*>& rows, size_t length);

  void apply(const float* row, float* out) const;
  /// The same layer for inputs as they are: `matrix` is inputs x width.
  void fold_into(std::vector<float>& matrix, std::vector<float>& bias) const;
};

/// The steps, standardised and ready to be put into batches.
class TrainingData {
 public:
  /// `steps` outlives it. OPTION_INVALID for arrays that do not fit each other, and for steps that teach nothing.
  TrainingData(const Trajectories& steps, TokenRows& rows);

  size_t n_token() const { return n_token_; }
  /// A step's first candidate among all.
  size_t start(size_t step) const { return starts_[step]; }
  size_t candidates() const { return starts_.back(); }

  /// Those with candidates.
  std::vector<size_t> of_role(StepRole role) const;
  NetworkBatch batch(const size_t* wanted, size_t count) const;

  /// For inputs and rewards as they are.
  PredictorWeights unscaled(PredictorWeights weights) const;
  float unscaled(float guess) const { return guess * target_deviation_ + target_mean_; }

 private:
  const float* hidden(size_t step) const { return steps_.hidden.data() + step * steps_.n_hidden; }
  void read_rows(TokenRows& rows);
  void scale_targets();

  const Trajectories& steps_;
  size_t n_token_;
  std::vector<size_t> starts_;
  /// Different tokens x n_token, standardised, and which of them each candidate is.
  std::vector<float> rows_;
  std::vector<size_t> row_of_;
  Scaling hidden_scaling_;
  Scaling row_scaling_;
  float target_mean_ = 0;
  float target_deviation_ = 1;
};

}  // namespace argsearch

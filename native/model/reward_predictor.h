#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/gguf_file.h"

namespace argsearch {

/// The numbers of a reward predictor: a perceptron of two layers on the sum of two projections,
///
///     guess = out . relu(W relu(A h + B e + a) + b) + c
///
/// h: the reward model's final-norm hidden state at the prefix's end; e: the token's row of the token embedding; the
/// guess: how much the reward rises when the token joins the prefix. Matrices are stored input by input: the row of an
/// input has what it adds to each unit. Its keys in a GGUF's metadata are listed in docs/architecture.md.
struct PredictorWeights {
  /// Numbers of h and of e.
  size_t n_hidden = 0;
  size_t n_token = 0;
  /// Units of the first layer and of the second: multiples of 8.
  size_t width = 0;
  size_t width_2 = 0;
  std::vector<float> from_hidden;  // n_hidden x width: A
  std::vector<float> from_token;   // n_token x width: B
  std::vector<float> bias;         // width: a
  std::vector<float> second;       // width x width_2: W
  std::vector<float> second_bias;  // width_2: b
  std::vector<float> out;          // width_2
  float out_bias = 0;              // c
};

/// What a predictor's guesses were worth on held-out steps; what a search goes by.
struct PredictorCalibration {
  /// Root mean square of a guess's error within a step, in units of the reward.
  double deviation = 0;
  /// The same of the guess of the token that was taken, its step's level included.
  double taken_deviation = 0;
  /// By how many deviations a candidate may lag behind and still win, and the rate of other tokens promised with it.
  double z = 0;
  double rate = 0;
  /// Upper bounds of that rate at each z of a table, ascending in z.
  std::vector<float> table_z;
  std::vector<float> table_upper;

  /// The least z of the table whose bound keeps the rate; the largest where none does.
  double z_for(double wanted) const;
};

/// A predictor as a file has it.
struct StoredPredictor {
  PredictorWeights weights;
  PredictorCalibration calibration;

  /// Null when there is none. REWARD_PREDICTOR_INVALID when its arrays do not fit each other or a model of this shape,
  /// or hold what is not finite.
  static std::shared_ptr<const StoredPredictor> read(const GgufFile& file, size_t n_hidden);
};

/// Evaluates a predictor. Not thread-safe: one thread calls.
class RewardPredictor {
 public:
  /// `weights` outlives it.
  explicit RewardPredictor(const PredictorWeights& weights);

  /// A h + a of a prefix (n_hidden values) into `out` (width values).
  void project_hidden(const float* hidden, float* out) const;
  /// B e of a token (n_token values) into `out` (width values).
  void project_token(const float* row, float* out) const;
  /// The guess of what both gave.
  float guess(const float* hidden_part, const float* token_part);

 private:
  const PredictorWeights& weights_;
  std::vector<float> first_;
  std::vector<float> second_;
};

/// out += inputs (n values) x matrix (n x width, row-major; width a multiple of 8). Skips zeros.
void add_product(const float* inputs, size_t n, const float* matrix, size_t width, float* out);

}  // namespace argsearch

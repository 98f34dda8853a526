#pragma once

#include <unordered_map>
#include <vector>

#include "model/model.h"
#include "model/token_rows.h"

namespace argsearch {

/// A reward model's predictor at work: the tokens' projections are kept.
class Guesser {
 public:
  /// The model has a predictor and outlives it. MODEL_UNSUPPORTED, FILE_UNREADABLE; REWARD_PREDICTOR_INVALID for one
  /// that does not fit the model's token embedding.
  explicit Guesser(const Model& model);

  /// The reward of a prefix, out of its hidden state.
  double reward(const float* hidden) const;
  /// How much the reward rises with each of the tokens.
  std::vector<double> rises(const float* hidden, const std::vector<llama_token>& tokens);

  const PredictorCalibration& calibration() const { return model_.predictor()->calibration; }

 private:
  const std::vector<float>& token_part(llama_token token);

  const Model& model_;
  RewardPredictor predictor_;
  TokenRows rows_;
  std::vector<float> row_;
  std::vector<float> hidden_part_;
  std::unordered_map<llama_token, std::vector<float>> token_parts_;
};

}  // namespace argsearch

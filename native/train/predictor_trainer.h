#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "train/training_data.h"

namespace argsearch {

struct TrainingSettings {
  NetworkSettings network;
  size_t epochs = 40;
  /// Steps of decoding in one step of the optimiser.
  size_t batch = 64;
  float rate = 1e-3f;
};

struct TrainedPredictor {
  PredictorWeights weights;
  /// One a candidate, of every role.
  std::vector<float> guesses;
  /// Passes over the training steps up to the one that was kept.
  size_t epochs = 0;
};

/// After each pass over the training steps: how many are done, of how many at most, and the share of the variance
/// within the stopping steps that is explained. False ends training with ABORTED.
using TrainingProgress = std::function<bool(size_t done, size_t most, double explained)>;

/// Learns to guess rewards within a step: the squared error of guesses less their step's mean, and a little of that
/// mean's own. AdamW over shuffled steps, a cosine schedule, the pass that did best on the stopping steps kept. The
/// same seed gives the same numbers on the same machine, whatever the threads. OPTION_INVALID for arrays that do not
/// fit each other, INPUT_INVALID for steps that teach nothing; what TokenRows::read() throws.
TrainedPredictor train_predictor(const Trajectories& steps, TokenRows& rows, const TrainingSettings& settings,
                                 const TrainingProgress& progress);

}  // namespace argsearch

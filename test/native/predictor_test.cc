#include <cmath>
#include <random>

#include "check.h"
#include "model/reward_predictor.h"
#include "search/narrow/predicted.h"
#include "train/network.h"
#include "train/products.h"

namespace argsearch {
namespace {

std::vector<float> random_values(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(static_cast<double>(random()) / 4294967296.0 - 0.5);
  return values;
}

PredictorWeights random_weights() {
  PredictorWeights weights;
  weights.n_hidden = 13;
  weights.n_token = 7;
  weights.width = 16;
  weights.width_2 = 8;
  weights.from_hidden = random_values(13 * 16, 1);
  weights.from_token = random_values(7 * 16, 2);
  weights.bias = random_values(16, 3);
  weights.second = random_values(16 * 8, 4);
  weights.second_bias = random_values(8, 5);
  weights.out = random_values(8, 6);
  weights.out_bias = 0.25f;
  return weights;
}

/// The formula of PredictorWeights in double precision.
double plain_guess(const PredictorWeights& w, const float* hidden, const float* token) {
  double sum = w.out_bias;
  for (size_t k = 0; k < w.width_2; ++k) {
    double second = w.second_bias[k];
    for (size_t j = 0; j < w.width; ++j) {
      double first = w.bias[j];
      for (size_t i = 0; i < w.n_hidden; ++i) first += static_cast<double>(hidden[i]) * w.from_hidden[i * w.width + j];
      for (size_t i = 0; i < w.n_token; ++i) first += static_cast<double>(token[i]) * w.from_token[i * w.width + j];
      second += std::max(0.0, first) * w.second[j * w.width_2 + k];
    }
    sum += std::max(0.0, second) * w.out[k];
  }
  return sum;
}

TEST("predictor: guesses are the formula's") {
  const PredictorWeights weights = random_weights();
  RewardPredictor predictor(weights);
  std::vector<float> hidden_part(weights.width);
  std::vector<float> token_part(weights.width);
  for (uint32_t seed = 10; seed < 30; ++seed) {
    std::vector<float> hidden = random_values(weights.n_hidden, seed);
    const std::vector<float> token = random_values(weights.n_token, seed + 100);
    hidden[seed % hidden.size()] = 0;
    predictor.project_hidden(hidden.data(), hidden_part.data());
    predictor.project_token(token.data(), token_part.data());
    const double expected = plain_guess(weights, hidden.data(), token.data());
    CHECK(std::abs(predictor.guess(hidden_part.data(), token_part.data()) - expected) < 1e-5);
  }
}

TEST("predictor: matrix products, of views either way, on any threads") {
  const size_t rows = 11;
  const size_t inner = 9;
  const size_t columns = 16;
  const std::vector<float> left = random_values(rows * inner, 1);
  const std::vector<float> right = random_values(inner * columns, 2);
  for (const bool transposed : {false, true}) {
    const MatrixView view = transposed ? MatrixView{left.data(), 1, rows} : MatrixView{left.data(), inner, 1};
    std::vector<float> one(rows * columns, 1);
    std::vector<float> three = one;
    add_matrix_product(view, rows, inner, right.data(), columns, one.data(), 1);
    add_matrix_product(view, rows, inner, right.data(), columns, three.data(), 3);
    CHECK(one == three);
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        double expected = 1;
        for (size_t t = 0; t < inner; ++t) {
          expected +=
              static_cast<double>(view.data[i * view.row_stride + t * view.column_stride]) * right[t * columns + j];
        }
        CHECK(std::abs(one[i * columns + j] - expected) < 1e-5);
      }
    }
  }
}

/// Two steps of three and two candidates, which share a token.
NetworkBatch small_batch() {
  NetworkBatch batch;
  batch.hidden = random_values(2 * 5, 1);
  batch.starts = {0, 3, 5};
  batch.rows = random_values(4 * 6, 2);
  batch.row_of = {0, 1, 2, 1, 3};
  batch.targets = random_values(5, 3);
  return batch;
}

/// Of half the squared errors.
double loss(Network network, const NetworkBatch& batch) {
  double sum = 0;
  const std::vector<float> guesses = network.guess(batch);
  for (size_t i = 0; i < guesses.size(); ++i) sum += std::pow(guesses[i] - batch.targets[i], 2) / 2;
  return sum;
}

TEST("predictor: a step of the optimiser goes downhill, and far enough down to learn what it is shown") {
  const NetworkBatch batch = small_batch();
  NetworkSettings settings;
  settings.width = 16;
  settings.width_2 = 8;
  settings.decay = 0;
  settings.dropped = 0;
  settings.seed = 1;
  Network network(5, 6, settings);
  const double before = loss(network, batch);
  for (size_t step = 1; step <= 800; ++step) {
    std::vector<float> slopes = network.guess(batch);
    for (size_t i = 0; i < slopes.size(); ++i) slopes[i] -= batch.targets[i];
    network.learn(batch, slopes);
    network.move(3e-3f, step);
    if (step == 1) CHECK(loss(network, batch) < before);
  }
  CHECK(loss(network, batch) < 1e-4 * before);
}

/// A step of an additive search with weight 2.
struct GuessedStep {
  SlotState state;
  SlotStep step;

  GuessedStep(std::vector<double> log_probs, std::vector<bool> ends, Ending ending) {
    state.settings.weight = 2;
    state.settings.combine = Combine::kAdditive;
    state.settings.ending = ending;
    step.state = &state;
    step.candidates.tokens.assign(log_probs.size(), 0);
    step.candidates.log_probs = std::move(log_probs);
    step.candidates.ends = std::move(ends);
  }
};

using Open = std::vector<bool>;

TEST("predictor: a candidate may win whose guess and reach score as the best guess does") {
  const GuessedStep guessed({-1, -2, -3}, {false, false, false}, Ending::kReward);
  // Scores by the guesses: -1, 0, -2.
  CHECK(may_win(guessed.step, {0, 1, 0.5}, 0) == Open({false, true, false}));
  CHECK(may_win(guessed.step, {0, 1, 0.5}, 0.5) == Open({true, true, false}));
  CHECK(may_win(guessed.step, {0, 1, 0.5}, 1) == Open({true, true, true}));
}

TEST("predictor: an end that the policy decides about takes the others' best guess, and needs all of them") {
  const GuessedStep last({-1, -2, -2.5}, {false, false, true}, Ending::kPolicy);
  // Of the end its own guess, 9, counts nothing: it would score -2.5 + 2.
  CHECK(may_win(last.step, {1, 0, 9}, 0) == Open({true, false, false}));
  CHECK(may_win(last.step, {1, 0, 9}, 0.75) == Open({true, true, true}));
  const GuessedStep first({-1, -2, -2.5}, {true, false, false}, Ending::kPolicy);
  CHECK(may_win(first.step, {-9, 5, 0}, 1) == Open({true, false, false}));
}

TEST("predictor: z grows with errors beyond those that were promised, and with broken promises") {
  PredictorAudit good;
  for (int i = 0; i < 200; ++i) good.add_error(i % 2 == 0 ? 0.9 : -0.9);
  for (int i = 0; i < 2000; ++i) good.add_audit(i % 1000 == 0, 0.001);
  CHECK(good.widening() == 1);
  PredictorAudit wrong;
  for (int i = 0; i < 63; ++i) wrong.add_error(2);
  CHECK(wrong.widening() == 1);
  wrong.add_error(-2);
  CHECK(std::abs(wrong.widening() - 2) < 1e-9);
  PredictorAudit broken;
  for (int i = 0; i < 100; ++i) broken.add_audit(i % 10 == 0, 0.001);
  CHECK(broken.widening() > 1.2);
}

TEST("predictor: z of another rate is the table's") {
  PredictorCalibration calibration;
  calibration.z = 2;
  calibration.table_z = {0, 1, 2, 3};
  calibration.table_upper = {0.2f, 0.02f, 0.001f, 0.0005f};
  CHECK(calibration.z_for(0.05) == 1);
  CHECK(calibration.z_for(0.5) == 0);
  CHECK(calibration.z_for(0.0001) == 3);
}

}  // namespace
}  // namespace argsearch

#include "train/training_data.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "error.h"

namespace argsearch {
namespace {

const Trajectories& checked(const Trajectories& steps) {
  const size_t n = steps.counts.size();
  size_t candidates = 0;
  for (const int32_t count : steps.counts) candidates += static_cast<size_t>(std::max(count, 0));
  const bool fits = steps.n_hidden > 0 && steps.hidden.size() == n * steps.n_hidden && steps.roles.size() == n &&
                    steps.tokens.size() == candidates && steps.rises.size() == candidates;
  if (fits) return steps;
  throw Error(ErrorCode::kOptionInvalid, "the arrays of the trajectories do not fit each other.");
}

}  // namespace

Scaling Scaling::of(const std::vector<const float*>& rows, size_t length) {
  const double n = std::max<double>(static_cast<double>(rows.size()), 1);
  std::vector<double> sums(length, 0);
  std::vector<double> squares(length, 0);
  for (const float* row : rows) {
    for (size_t i = 0; i < length; ++i) {
      sums[i] += row[i];
      squares[i] += static_cast<double>(row[i]) * row[i];
    }
  }
  Scaling scaling;
  for (size_t i = 0; i < length; ++i) {
    const double mean = sums[i] / n;
    const double variance = squares[i] / n - mean * mean;
    scaling.mean.push_back(static_cast<float>(mean));
    // What hardly ever changes is not to be blown up.
    scaling.deviation.push_back(variance > 1e-12 ? static_cast<float>(std::sqrt(variance)) : 1.0f);
  }
  return scaling;
}

void Scaling::apply(const float* row, float* out) const {
  for (size_t i = 0; i < mean.size(); ++i) out[i] = (row[i] - mean[i]) / deviation[i];
}

void Scaling::fold_into(std::vector<float>& matrix, std::vector<float>& bias) const {
  const size_t width = bias.size();
  std::vector<double> shift(width, 0);
  for (size_t i = 0; i < mean.size(); ++i) {
    for (size_t j = 0; j < width; ++j) {
      float& weight = matrix[i * width + j];
      weight /= deviation[i];
      shift[j] += static_cast<double>(weight) * mean[i];
    }
  }
  for (size_t j = 0; j < width; ++j) bias[j] -= static_cast<float>(shift[j]);
}

TrainingData::TrainingData(const Trajectories& steps, TokenRows& rows)
    : steps_(checked(steps)), n_token_(rows.length()), starts_(1, 0) {
  for (const int32_t count : steps.counts) starts_.push_back(starts_.back() + static_cast<size_t>(std::max(count, 0)));
  read_rows(rows);
  std::vector<const float*> training;
  for (const size_t step : of_role(StepRole::kTraining)) training.push_back(hidden(step));
  hidden_scaling_ = Scaling::of(training, steps.n_hidden);
  scale_targets();
}

std::vector<size_t> TrainingData::of_role(StepRole role) const {
  std::vector<size_t> found;
  for (size_t step = 0; step < steps_.roles.size(); ++step) {
    if (steps_.roles[step] == role && starts_[step + 1] > starts_[step]) found.push_back(step);
  }
  return found;
}

/// Each token's row once.
void TrainingData::read_rows(TokenRows& rows) {
  std::unordered_map<llama_token, size_t> places;
  for (const llama_token token : steps_.tokens) {
    const auto [place, is_new] = places.try_emplace(token, places.size());
    row_of_.push_back(place->second);
    if (!is_new) continue;
    rows_.resize(rows_.size() + n_token_);
    rows.read(token, rows_.data() + rows_.size() - n_token_);
  }
  std::vector<const float*> each;
  for (size_t at = 0; at < rows_.size(); at += n_token_) each.push_back(&rows_[at]);
  row_scaling_ = Scaling::of(each, n_token_);
  for (size_t at = 0; at < rows_.size(); at += n_token_) row_scaling_.apply(&rows_[at], &rows_[at]);
}

/// By the deviation within a step.
void TrainingData::scale_targets() {
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (const size_t step : of_role(StepRole::kTraining)) {
    const auto size = static_cast<double>(starts_[step + 1] - starts_[step]);
    double mean = 0;
    for (size_t c = starts_[step]; c < starts_[step + 1]; ++c) mean += steps_.rises[c] / size;
    for (size_t c = starts_[step]; c < starts_[step + 1]; ++c) squares += std::pow(steps_.rises[c] - mean, 2);
    sum += mean * size;
    count += size;
  }
  if (!(squares > 1e-12 * count)) {
    throw Error(ErrorCode::kOptionInvalid, "the steps teach nothing: no reward differs within a step.");
  }
  target_mean_ = static_cast<float>(sum / count);
  target_deviation_ = static_cast<float>(std::sqrt(squares / count));
}

NetworkBatch TrainingData::batch(const size_t* wanted, size_t count) const {
  NetworkBatch batch;
  batch.hidden.resize(count * steps_.n_hidden);
  batch.starts.push_back(0);
  std::unordered_map<size_t, size_t> places;
  for (size_t i = 0; i < count; ++i) {
    const size_t step = wanted[i];
    hidden_scaling_.apply(hidden(step), batch.hidden.data() + i * steps_.n_hidden);
    for (size_t c = starts_[step]; c < starts_[step + 1]; ++c) {
      const auto [place, is_new] = places.try_emplace(row_of_[c], places.size());
      if (is_new) {
        const float* row = rows_.data() + row_of_[c] * n_token_;
        batch.rows.insert(batch.rows.end(), row, row + n_token_);
      }
      batch.row_of.push_back(place->second);
      batch.targets.push_back((steps_.rises[c] - target_mean_) / target_deviation_);
    }
    batch.starts.push_back(batch.row_of.size());
  }
  return batch;
}

PredictorWeights TrainingData::unscaled(PredictorWeights weights) const {
  hidden_scaling_.fold_into(weights.from_hidden, weights.bias);
  row_scaling_.fold_into(weights.from_token, weights.bias);
  for (float& weight : weights.out) weight *= target_deviation_;
  weights.out_bias = unscaled(weights.out_bias);
  return weights;
}

}  // namespace argsearch

#include "model/reward_predictor.h"

#include <algorithm>
#include <cmath>

#include "error.h"

namespace argsearch {
namespace {

const std::string kPrefix = "argsearch.reward.predictor.";

/// A wider one would be no gain; a file may say anything.
constexpr size_t kWidest = 4096;

/// Widths are multiples of it: compilers make vector instructions of a loop of so many.
constexpr size_t kLanes = 8;

bool is_width(size_t width) { return width >= kLanes && width <= kWidest && width % kLanes == 0; }

[[noreturn]] void invalid(const GgufFile& file, const std::string& why) {
  throw Error(ErrorCode::kRewardPredictorInvalid,
              file.path() + ": the reward predictor " + why + " Make it again with \"argsearch reward predict\".");
}

/// An array that must be there, as long as it must be, and finite.
std::vector<float> array(const GgufFile& file, const std::string& name, size_t length) {
  std::vector<float> values = file.floats(kPrefix + name);
  if (values.size() != length) {
    invalid(file, "has " + std::to_string(values.size()) + " values as \"" + name + "\", not " +
                      std::to_string(length) + ".");
  }
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    invalid(file, "holds values that are not finite numbers.");
  }
  return values;
}

PredictorWeights weights_of(const GgufFile& file, size_t n_hidden) {
  PredictorWeights weights;
  weights.n_hidden = n_hidden;
  weights.width = file.floats(kPrefix + "bias").size();
  weights.width_2 = file.floats(kPrefix + "out.weight").size();
  if (!is_width(weights.width) || !is_width(weights.width_2)) {
    invalid(file, "has " + std::to_string(weights.width) + " and " + std::to_string(weights.width_2) +
                      " units, which are to be multiples of 8 up to " + std::to_string(kWidest) + ".");
  }
  const size_t token_values = file.floats(kPrefix + "token").size();
  if (token_values == 0 || token_values % weights.width != 0) {
    invalid(file, "has " + std::to_string(token_values) + " values as \"token\".");
  }
  weights.n_token = token_values / weights.width;
  weights.bias = array(file, "bias", weights.width);
  weights.from_hidden = array(file, "hidden", n_hidden * weights.width);
  weights.from_token = array(file, "token", token_values);
  weights.second = array(file, "second.weight", weights.width * weights.width_2);
  weights.second_bias = array(file, "second.bias", weights.width_2);
  weights.out = array(file, "out.weight", weights.width_2);
  weights.out_bias = array(file, "out.bias", 1)[0];
  return weights;
}

PredictorCalibration calibration_of(const GgufFile& file) {
  PredictorCalibration found;
  found.deviation = array(file, "deviation", 1)[0];
  found.taken_deviation = array(file, "taken_deviation", 1)[0];
  found.z = array(file, "z", 1)[0];
  found.rate = array(file, "rate", 1)[0];
  found.table_z = array(file, "table.z", file.floats(kPrefix + "table.z").size());
  found.table_upper = array(file, "table.upper", found.table_z.size());
  if (!(found.deviation > 0 && found.taken_deviation > 0 && found.z >= 0 && found.rate >= 0)) {
    invalid(file, "has a deviation, z or rate below 0.");
  }
  if (!std::is_sorted(found.table_z.begin(), found.table_z.end())) invalid(file, "has a table in no order.");
  return found;
}

}  // namespace

double PredictorCalibration::z_for(double wanted) const {
  for (size_t i = 0; i < table_z.size(); ++i) {
    if (table_upper[i] <= wanted) return table_z[i];
  }
  return table_z.empty() ? z : std::max<double>(z, table_z.back());
}

std::shared_ptr<const StoredPredictor> StoredPredictor::read(const GgufFile& file, size_t n_hidden) {
  if (file.find(kPrefix + "bias") < 0) return nullptr;
  return std::make_shared<const StoredPredictor>(StoredPredictor{weights_of(file, n_hidden), calibration_of(file)});
}

RewardPredictor::RewardPredictor(const PredictorWeights& weights)
    : weights_(weights), first_(weights.width), second_(weights.width_2) {}

void RewardPredictor::project_hidden(const float* hidden, float* out) const {
  std::copy(weights_.bias.begin(), weights_.bias.end(), out);
  add_product(hidden, weights_.n_hidden, weights_.from_hidden.data(), weights_.width, out);
}

void RewardPredictor::project_token(const float* row, float* out) const {
  std::fill_n(out, weights_.width, 0.0f);
  add_product(row, weights_.n_token, weights_.from_token.data(), weights_.width, out);
}

float RewardPredictor::guess(const float* hidden_part, const float* token_part) {
  for (size_t i = 0; i < weights_.width; ++i) first_[i] = std::max(0.0f, hidden_part[i] + token_part[i]);
  second_ = weights_.second_bias;
  add_product(first_.data(), weights_.width, weights_.second.data(), weights_.width_2, second_.data());
  double sum = weights_.out_bias;
  for (size_t i = 0; i < weights_.width_2; ++i) {
    if (second_[i] > 0) sum += static_cast<double>(weights_.out[i]) * second_[i];
  }
  return static_cast<float>(sum);
}

void add_product(const float* inputs, size_t n, const float* matrix, size_t width, float* out) {
  // Four inputs at once: `out` is loaded and stored a quarter as often. Inputs that are 0, half of them behind a ReLU,
  // are left out.
  const float* rows[4];
  float scales[4];
  size_t waiting = 0;
  const auto add_waiting = [&] {
    for (; waiting < 4; ++waiting) {
      rows[waiting] = matrix;
      scales[waiting] = 0;
    }
    const float* __restrict a = rows[0];
    const float* __restrict b = rows[1];
    const float* __restrict c = rows[2];
    const float* __restrict d = rows[3];
    float* __restrict to = out;
    const float w = scales[0];
    const float x = scales[1];
    const float y = scales[2];
    const float z = scales[3];
    for (size_t at = 0; at < width; at += kLanes) {
      for (size_t j = at; j < at + kLanes; ++j) to[j] += (w * a[j] + x * b[j]) + (y * c[j] + z * d[j]);
    }
    waiting = 0;
  };
  for (size_t i = 0; i < n; ++i) {
    if (inputs[i] == 0) continue;
    rows[waiting] = matrix + i * width;
    scales[waiting] = inputs[i];
    if (++waiting == 4) add_waiting();
  }
  if (waiting > 0) add_waiting();
}

}  // namespace argsearch

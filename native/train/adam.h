#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace argsearch {

/// Parameters that AdamW moves (Loshchilov & Hutter, ICLR 2019, algorithm 2), with beta 0.9 and 0.999.
struct Trained {
  std::vector<float> value;
  std::vector<float> gradient;
  std::vector<float> mean;
  std::vector<float> square;
  /// Of a step of length 1; 0 for biases.
  float decay = 0;

  explicit Trained(size_t size, float decay_ = 0)
      : value(size), gradient(size), mean(size), square(size), decay(decay_) {}

  /// One step along `gradient`, which is 0 afterwards. `step` counts from 1.
  void move(float rate, size_t step) {
    constexpr float kMean = 0.9f;
    constexpr float kSquare = 0.999f;
    constexpr float kSmall = 1e-8f;
    const float mean_left = 1 - std::pow(kMean, static_cast<float>(step));
    const float square_left = 1 - std::pow(kSquare, static_cast<float>(step));
    for (size_t i = 0; i < value.size(); ++i) {
      mean[i] = kMean * mean[i] + (1 - kMean) * gradient[i];
      square[i] = kSquare * square[i] + (1 - kSquare) * gradient[i] * gradient[i];
      const float slope = mean[i] / mean_left / (std::sqrt(square[i] / square_left) + kSmall);
      value[i] -= rate * (slope + decay * value[i]);
      gradient[i] = 0;
    }
  }
};

}  // namespace argsearch

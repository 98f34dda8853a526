#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace argsearch {

// Exponentials of a vocabulary's logits, block by block. Loops over blocks and lanes have a fixed number of turns and
// no branches: compilers make vector instructions of them at -O2, without leave to reorder float arithmetic.

constexpr size_t kBlock = 64;
using Block = std::array<float, kBlock>;

/// What is compared or added up side by side.
constexpr size_t kLanes = 16;

/// e^x is taken for 0 from here on down.
constexpr float kLeastExponent = -88.0f;

/// e^x for kLeastExponent <= x <= 0, within 2e-7 of it; below -87.3, where floats lose digits, within 1e-38. 1 for 0,
/// NaN for NaN. As Cephes' expf() does it: x = n ln 2 + r, and a polynomial for e^r.
inline float exponential(float x) {
  // So large that its last bit is worth 1: the sum is rounded to n, which stands in its lowest bits.
  constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23
  constexpr float kLog2E = 1.44269504f;
  // ln 2 in two parts; n times the first is exact.
  constexpr float kLn2High = 0.693359375f;
  constexpr float kLn2Low = -2.12194440e-4f;
  const float rounded = x * kLog2E + kRounder;
  const float n = rounded - kRounder;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^n: n is the exponent of a float, and n = -127 that of 0.
  uint32_t bits;
  std::memcpy(&bits, &rounded, sizeof bits);
  bits = (bits + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

inline Block exponentials(const Block& x) {
  Block e;
  for (size_t i = 0; i < kBlock; ++i) e[i] = exponential(x[i]);
  return e;
}

/// logits[i] - most of a block, or of `n` logits and kLeastExponent behind them where there are fewer; at least
/// kLeastExponent. NaN for NaN, and for a logit that is `most` where that is infinite.
inline Block exponents(const float* logits, size_t n, float most) {
  Block x;
  if (n >= kBlock) {
    for (size_t i = 0; i < kBlock; ++i) x[i] = logits[i] - most;
  } else {
    x.fill(kLeastExponent);
    for (size_t i = 0; i < n; ++i) x[i] = logits[i] - most;
  }
  // Not in exponential(): the compiler would make a branch of it there, and no vector instructions.
  for (float& value : x) value = value < kLeastExponent ? kLeastExponent : value;
  return x;
}

/// In double, so that the sum of a vocabulary is as good as its terms.
class LaneSum {
 public:
  void add(const Block& x) {
    for (size_t i = 0; i < kBlock; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) lanes_[lane] += x[i + lane];
    }
  }
  double total() const {
    double sum = 0;
    for (const double lane : lanes_) sum += lane;
    return sum;
  }

 private:
  std::array<double, kLanes> lanes_{};
};

}  // namespace argsearch

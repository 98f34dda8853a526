#include "search/propose/exponentials.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "search/narrow/entropy.h"
#include "search/propose/log_sum_exp.h"

namespace argsearch {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Around blocks and lanes.
const std::vector<size_t> kSizes = {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000};

std::vector<float> normal_logits(size_t n, float deviation) {
  std::mt19937 random(static_cast<uint32_t>(n));
  std::normal_distribution<float> normal(-4, deviation);
  std::vector<float> logits(n);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

/// Term by term, in double.
struct Plain {
  double log_norm;
  double entropy;
};

Plain plain(const std::vector<float>& logits) {
  double most = -std::numeric_limits<double>::infinity();
  for (const double logit : logits) most = std::max(most, logit);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - most);
  const double log_norm = most + std::log(sum);
  double entropy = 0;
  for (const double logit : logits) {
    if (std::isfinite(logit)) entropy -= std::exp(logit - log_norm) * (logit - log_norm);
  }
  return {log_norm, entropy};
}

double norm_of(const std::vector<float>& logits) { return log_sum_exp(logits.data(), logits.size()); }

TEST("exponentials: within 2e-7 of the truth, as far down as floats have all their digits") {
  float before = 2;
  for (float x = -87.3f; x <= 0; x += 0.00037f) {
    const double truth = std::exp(static_cast<double>(x));
    const float found = exponential(x);
    CHECK(std::abs(found - truth) <= 2e-7 * truth);
    CHECK(before == 2 || found >= before * (1 - 2e-7f));
    before = found;
  }
}

TEST("exponentials: 1 for nothing and for next to nothing, 0 for what no float can tell from it") {
  constexpr float kDenormal = std::numeric_limits<float>::denorm_min();
  CHECK(exponential(0.0f) == 1 && exponential(-0.0f) == 1);
  CHECK(exponential(-kDenormal) == 1 && exponential(-std::numeric_limits<float>::min()) == 1);
  CHECK(exponential(kLeastExponent) == 0);
  for (float x = kLeastExponent; x <= -87.3f; x += 0.001f) {
    CHECK(exponential(x) >= 0 && std::abs(exponential(x) - std::exp(static_cast<double>(x))) < 1e-38);
  }
  CHECK(std::isnan(exponential(kNaN)));
}

TEST("ln sum exp: as term by term, at any size") {
  for (const size_t size : kSizes) {
    for (const float deviation : {0.0f, 0.1f, 3.0f, 30.0f, 1000.0f}) {
      const std::vector<float> logits = normal_logits(size, deviation);
      CHECK(std::abs(norm_of(logits) - plain(logits).log_norm) < 2e-7);
      CHECK(std::abs(entropy(logits.data(), size) - plain(logits).entropy) < 2e-6);
    }
  }
}

TEST("ln sum exp: a vocabulary's many small terms keep their weight beside a large one") {
  std::vector<float> logits(200000, 0);
  logits[123456] = 20;
  CHECK(std::abs(norm_of(logits) - plain(logits).log_norm) < 1e-8);
}

TEST("ln sum exp: -infinity counts nothing") {
  for (const size_t size : kSizes) {
    std::vector<float> logits(size, -kInfinity);
    logits[size / 2] = 7;
    CHECK(norm_of(logits) == 7);
    CHECK(entropy(logits.data(), size) == 0);
    logits[0] = 7;
    CHECK(std::abs(norm_of(logits) - (size / 2 == 0 ? 7 : 7 + std::log(2.0))) < 1e-7);
  }
}

TEST("ln sum exp: what is no finite number is found wherever it stands") {
  for (const size_t size : kSizes) {
    CHECK(!std::isfinite(norm_of(std::vector<float>(size, -kInfinity))));
    for (size_t place = 0; place < size; ++place) {
      for (const float bad : {kNaN, kInfinity}) {
        std::vector<float> logits(size, 1);
        logits[place] = bad;
        CHECK(!std::isfinite(norm_of(logits)));
        logits.assign(size, -kInfinity);
        logits[place] = bad;
        CHECK(!std::isfinite(norm_of(logits)));
      }
    }
  }
}

TEST("ln sum exp: logits as far apart as floats are") {
  constexpr float kMost = std::numeric_limits<float>::max();
  CHECK(norm_of({-kMost, kMost, -kMost}) == static_cast<double>(kMost));
  CHECK(norm_of({-kMost}) == -static_cast<double>(kMost));
}

TEST("the highest: wherever it stands, NaN passed over") {
  for (const size_t size : kSizes) {
    for (size_t place = 0; place < size; ++place) {
      std::vector<float> values(size, -3);
      values[place] = 2;
      CHECK(highest(values.data(), size) == 2);
      for (float& value : values) value = value < 0 ? kNaN : value;
      CHECK(highest(values.data(), size) == 2);
    }
  }
  CHECK(highest(nullptr, 0) == -kInfinity);
}

}  // namespace
}  // namespace argsearch

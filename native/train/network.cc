#include "train/network.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "train/products.h"

namespace argsearch {
namespace {

/// Normal deviates by Box and Muller: the standard library's differ from one to another.
class Normal {
 public:
  explicit Normal(uint32_t seed) : random_(seed) {}

  void fill(std::vector<float>& values, double deviation) {
    for (float& value : values) {
      const double radius = std::sqrt(-2 * std::log(uniform()));
      value = static_cast<float>(deviation * radius * std::cos(6.283185307179586 * uniform()));
    }
  }

 private:
  /// Above 0, up to 1.
  double uniform() { return (static_cast<double>(random_() >> 11) + 1) / 9007199254740992.0; }

  std::mt19937_64 random_;
};

void add_rows(const std::vector<float>& bias, size_t rows, std::vector<float>& out) {
  for (size_t row = 0; row < rows; ++row) std::copy(bias.begin(), bias.end(), out.begin() + row * bias.size());
}

void add_column_sums(const std::vector<float>& values, size_t width, std::vector<float>& sums) {
  for (size_t at = 0; at < values.size(); at += width) {
    for (size_t j = 0; j < width; ++j) sums[j] += values[at + j];
  }
}

std::vector<float> transposed(const std::vector<float>& matrix, size_t rows, size_t columns) {
  std::vector<float> result(matrix.size());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) result[j * rows + i] = matrix[i * columns + j];
  }
  return result;
}

/// The slope behind a ReLU goes on where its unit was above 0, and was multiplied by `factor`.
void through_relu(const std::vector<float>& units, float factor, std::vector<float>& slopes) {
  for (size_t i = 0; i < slopes.size(); ++i) slopes[i] = units[i] > 0 ? slopes[i] * factor : 0;
}

MatrixView rows_of(const std::vector<float>& matrix, size_t columns) { return {matrix.data(), columns, 1}; }
MatrixView columns_of(const std::vector<float>& matrix, size_t columns) { return {matrix.data(), 1, columns}; }

}  // namespace

Network::Network(size_t n_hidden, size_t n_token, const NetworkSettings& settings)
    : n_hidden_(n_hidden),
      n_token_(n_token),
      width_(settings.width),
      width_2_(settings.width_2),
      threads_(settings.threads),
      dropped_(settings.dropped),
      random_(settings.seed),
      from_hidden_(n_hidden * width_, settings.decay),
      from_token_(n_token * width_, settings.decay),
      bias_(width_),
      second_(width_ * width_2_, settings.decay),
      second_bias_(width_2_),
      out_(width_2_, settings.decay),
      out_bias_(1) {
  Normal normal(settings.seed);
  normal.fill(from_hidden_.value, std::sqrt(1.0 / static_cast<double>(n_hidden)));
  normal.fill(from_token_.value, std::sqrt(1.0 / static_cast<double>(n_token)));
  normal.fill(second_.value, std::sqrt(2.0 / static_cast<double>(width_)));
  normal.fill(out_.value, std::sqrt(1.0 / static_cast<double>(width_2_)));
}

void Network::project(const NetworkBatch& batch) {
  const size_t tokens = batch.rows.size() / n_token_;
  hidden_part_.resize(batch.steps() * width_);
  add_rows(bias_.value, batch.steps(), hidden_part_);
  add_matrix_product(rows_of(batch.hidden, n_hidden_), batch.steps(), n_hidden_, from_hidden_.value.data(), width_,
                     hidden_part_.data(), threads_);
  token_part_.assign(tokens * width_, 0);
  add_matrix_product(rows_of(batch.rows, n_token_), tokens, n_token_, from_token_.value.data(), width_,
                     token_part_.data(), threads_);
}

/// A unit that is dropped is 0, as one below 0 is: what goes back stops there either way.
void Network::drop(std::vector<float>& units) {
  const auto rest = static_cast<float>(1 / (1 - dropped_));
  const auto threshold = static_cast<uint32_t>(dropped_ * 65536);
  for (size_t at = 0; at < units.size(); at += 4) {
    uint64_t bits = random_();
    for (size_t i = at; i < std::min(at + 4, units.size()); ++i, bits >>= 16) {
      units[i] = (bits & 0xffff) < threshold ? 0 : units[i] * rest;
    }
  }
}

const std::vector<float>& Network::guess(const NetworkBatch& batch, bool drops) {
  project(batch);
  first_units_.resize(batch.candidates() * width_);
  for (size_t step = 0; step < batch.steps(); ++step) {
    const float* hidden = hidden_part_.data() + step * width_;
    for (size_t i = batch.starts[step]; i < batch.starts[step + 1]; ++i) {
      const float* token = token_part_.data() + batch.row_of[i] * width_;
      float* to = first_units_.data() + i * width_;
      for (size_t j = 0; j < width_; ++j) to[j] = std::max(0.0f, hidden[j] + token[j]);
    }
  }
  if (drops) drop(first_units_);
  second_units_.resize(batch.candidates() * width_2_);
  add_rows(second_bias_.value, batch.candidates(), second_units_);
  add_matrix_product(rows_of(first_units_, width_), batch.candidates(), width_, second_.value.data(), width_2_,
                     second_units_.data(), threads_);
  for (float& unit : second_units_) unit = std::max(0.0f, unit);
  if (drops) drop(second_units_);
  factor_ = drops ? static_cast<float>(1 / (1 - dropped_)) : 1.0f;
  guesses_.assign(batch.candidates(), out_bias_.value[0]);
  for (size_t i = 0; i < batch.candidates(); ++i) {
    const float* units = second_units_.data() + i * width_2_;
    for (size_t j = 0; j < width_2_; ++j) guesses_[i] += units[j] * out_.value[j];
  }
  return guesses_;
}

void Network::learn(const NetworkBatch& batch, const std::vector<float>& slopes) {
  const size_t n = batch.candidates();
  std::vector<float> second_slopes(n * width_2_);
  for (size_t i = 0; i < n; ++i) {
    out_bias_.gradient[0] += slopes[i];
    for (size_t j = 0; j < width_2_; ++j) {
      out_.gradient[j] += slopes[i] * second_units_[i * width_2_ + j];
      second_slopes[i * width_2_ + j] = slopes[i] * out_.value[j];
    }
  }
  through_relu(second_units_, factor_, second_slopes);
  add_column_sums(second_slopes, width_2_, second_bias_.gradient);
  add_matrix_product(columns_of(first_units_, width_), width_, n, second_slopes.data(), width_2_,
                     second_.gradient.data(), threads_);

  std::vector<float> first_slopes(n * width_, 0);
  add_matrix_product(rows_of(second_slopes, width_2_), n, width_2_, transposed(second_.value, width_, width_2_).data(),
                     width_, first_slopes.data(), threads_);
  through_relu(first_units_, factor_, first_slopes);
  add_column_sums(first_slopes, width_, bias_.gradient);

  std::vector<float> hidden_slopes(hidden_part_.size(), 0);
  std::vector<float> token_slopes(token_part_.size(), 0);
  for (size_t step = 0; step < batch.steps(); ++step) {
    for (size_t i = batch.starts[step]; i < batch.starts[step + 1]; ++i) {
      for (size_t j = 0; j < width_; ++j) {
        hidden_slopes[step * width_ + j] += first_slopes[i * width_ + j];
        token_slopes[batch.row_of[i] * width_ + j] += first_slopes[i * width_ + j];
      }
    }
  }
  add_matrix_product(columns_of(batch.hidden, n_hidden_), n_hidden_, batch.steps(), hidden_slopes.data(), width_,
                     from_hidden_.gradient.data(), threads_);
  add_matrix_product(columns_of(batch.rows, n_token_), n_token_, batch.rows.size() / n_token_, token_slopes.data(),
                     width_, from_token_.gradient.data(), threads_);
}

void Network::move(float rate, size_t step) {
  for (Trained* each : {&from_hidden_, &from_token_, &bias_, &second_, &second_bias_, &out_, &out_bias_}) {
    each->move(rate, step);
  }
}

PredictorWeights Network::weights() const {
  PredictorWeights weights;
  weights.n_hidden = n_hidden_;
  weights.n_token = n_token_;
  weights.width = width_;
  weights.width_2 = width_2_;
  weights.from_hidden = from_hidden_.value;
  weights.from_token = from_token_.value;
  weights.bias = bias_.value;
  weights.second = second_.value;
  weights.second_bias = second_bias_.value;
  weights.out = out_.value;
  weights.out_bias = out_bias_.value[0];
  return weights;
}

}  // namespace argsearch

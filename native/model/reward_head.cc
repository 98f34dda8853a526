#include "model/reward_head.h"

#include <cmath>

#include "error.h"

namespace argsearch {
namespace {

[[noreturn]] void invalid(const GgufFile& file, const std::string& why) {
  throw Error(ErrorCode::kRewardHeadInvalid, file.path() + ": the reward head " + why);
}

/// An optional array of one value a label; a single value serves every label.
std::vector<float> per_label(const GgufFile& file, const std::string& key, size_t n_labels, float fallback) {
  std::vector<float> values = file.floats(key);
  if (values.empty()) values.assign(1, fallback);
  if (values.size() == 1) values.assign(n_labels, values[0]);
  if (values.size() != n_labels) {
    invalid(file, "has " + std::to_string(n_labels) + " labels, but " + key + " has " + std::to_string(values.size()) +
                      " values.");
  }
  return values;
}

std::vector<std::string> default_labels(size_t n_labels) {
  if (n_labels == 1) return {"reward"};
  std::vector<std::string> labels;
  for (size_t i = 0; i < n_labels; ++i) labels.push_back(std::to_string(i));
  return labels;
}

bool all_finite(const std::vector<float>& values) {
  for (const float value : values) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

}  // namespace

std::optional<RewardHead> RewardHead::read(const GgufFile& file, size_t n_embd) {
  RewardHead head;
  head.n_embd_ = n_embd;
  head.weight_ = file.floats("argsearch.reward.head.weight");
  if (head.weight_.empty()) return std::nullopt;
  if (head.weight_.size() % n_embd != 0) {
    invalid(file, "has " + std::to_string(head.weight_.size()) + " weights; the model's hidden state has " +
                      std::to_string(n_embd) + ". It belongs to another model.");
  }
  const size_t n_labels = head.weight_.size() / n_embd;
  head.labels_ = file.strings("argsearch.reward.labels");
  if (head.labels_.empty()) head.labels_ = default_labels(n_labels);
  if (head.labels_.size() != n_labels) {
    invalid(file, "has " + std::to_string(n_labels) + " rows, but " + std::to_string(head.labels_.size()) + " labels.");
  }
  head.bias_ = per_label(file, "argsearch.reward.head.bias", n_labels, 0.0f);
  head.shift_ = per_label(file, "argsearch.reward.shift", n_labels, 0.0f);
  head.scale_ = per_label(file, "argsearch.reward.scale", n_labels, 1.0f);
  for (const auto* values : {&head.weight_, &head.bias_, &head.shift_, &head.scale_}) {
    if (!all_finite(*values)) invalid(file, "holds values that are not finite numbers.");
  }
  for (const float scale : head.scale_) {
    if (scale == 0.0f) invalid(file, "has a scale of 0.");
  }
  return head;
}

void RewardHead::apply(const float* hidden, double* out) const {
  for (size_t label = 0; label < n_labels(); ++label) {
    const float* row = weight_.data() + label * n_embd_;
    double sum = bias_[label];
    for (size_t i = 0; i < n_embd_; ++i) sum += static_cast<double>(row[i]) * hidden[i];
    out[label] = (sum - shift_[label]) / scale_[label];
  }
}

}  // namespace argsearch

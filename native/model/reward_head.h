#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/gguf_file.h"

namespace argsearch {

/// A linear reward head, one row a label: reward = (w . h + b - shift) / scale, h the final-norm hidden state.
/// Its keys in a GGUF's metadata are listed in docs/architecture.md.
class RewardHead {
 public:
  /// The head in a file's metadata; nullopt when there is none. REWARD_HEAD_INVALID when it does not fit `n_embd`.
  static std::optional<RewardHead> read(const GgufFile& file, size_t n_embd);

  size_t n_labels() const { return labels_.size(); }
  const std::vector<std::string>& labels() const { return labels_; }
  const std::vector<float>& shift() const { return shift_; }
  const std::vector<float>& scale() const { return scale_; }

  /// The rewards of one hidden state (n_embd values) into `out` (n_labels values).
  void apply(const float* hidden, double* out) const;

 private:
  size_t n_embd_ = 0;
  std::vector<float> weight_;  // n_labels x n_embd, row-major
  std::vector<float> bias_;
  std::vector<float> shift_;
  std::vector<float> scale_;
  std::vector<std::string> labels_;
};

}  // namespace argsearch

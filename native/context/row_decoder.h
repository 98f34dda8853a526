#pragma once

#include <cstdint>
#include <vector>

#include "context/runs.h"

namespace argsearch {

/// Decodes in a context for all who read in it, and counts.
class RowDecoder {
 public:
  /// `rows` outlives it.
  explicit RowDecoder(RowContext& rows) : rows_(rows) {}

  Context& context() { return rows_.context(); }
  /// A part of a prompt, whose tokens are not counted.
  void fill(Batch& batch, const OnRow& on_row = [](size_t, const float*) {});
  void decode(Batch& batch, const OnRow& on_row);
  /// In as few batches as fit.
  void decode(const std::vector<Run>& runs, const OnRead& on_read);

  uint64_t tokens() const { return tokens_; }
  uint64_t decodes() const { return decodes_; }

 private:
  RowContext& rows_;
  uint64_t tokens_ = 0;
  uint64_t decodes_ = 0;
};

}  // namespace argsearch

#pragma once

#include <functional>
#include <vector>

#include "context/rows.h"

namespace argsearch {

/// Tokens that follow each other in one sequence.
struct Run {
  llama_seq_id sequence;
  /// Position of the first.
  llama_pos start;
  std::vector<llama_token> tokens;
  /// Which of them are read, in ascending order.
  std::vector<size_t> read;
};

/// How much one decode takes.
struct RunLimits {
  size_t tokens;
  size_t outputs;
};

using DecodeRows = std::function<void(Batch& batch, const OnRow& on_row)>;
/// Called with what was read of a run's token.
using OnRead = std::function<void(size_t run, size_t token, const float* values)>;

/// Decodes runs of different sequences in as few batches as the limits allow.
void decode_runs(const std::vector<Run>& runs, RunLimits limits, const DecodeRows& decode, const OnRead& on_read);

/// Tokens of all runs.
size_t tokens_of(const std::vector<Run>& runs);

}  // namespace argsearch

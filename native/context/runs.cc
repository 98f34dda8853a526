#include "context/runs.h"

#include <utility>

namespace argsearch {

void decode_runs(const std::vector<Run>& runs, RunLimits limits, const DecodeRows& decode, const OnRead& on_read) {
  Batch batch;
  std::vector<std::pair<size_t, size_t>> outputs;
  const auto flush = [&] {
    if (batch.empty()) return;
    decode(batch, [&](size_t row, const float* values) { on_read(outputs[row].first, outputs[row].second, values); });
    batch.clear();
    outputs.clear();
  };
  for (size_t run = 0; run < runs.size(); ++run) {
    const Run& each = runs[run];
    auto next_read = each.read.begin();
    for (size_t i = 0; i < each.tokens.size(); ++i) {
      const bool output = next_read != each.read.end() && *next_read == i;
      if (output) ++next_read;
      if (batch.size() == limits.tokens || (output && outputs.size() == limits.outputs)) flush();
      batch.add(each.tokens[i], each.start + static_cast<llama_pos>(i), each.sequence, output);
      if (output) outputs.emplace_back(run, i);
    }
  }
  flush();
}

size_t tokens_of(const std::vector<Run>& runs) {
  size_t count = 0;
  for (const Run& run : runs) count += run.tokens.size();
  return count;
}

}  // namespace argsearch

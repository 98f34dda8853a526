#include "context/prefill.h"

#include <algorithm>

namespace argsearch {

PrefillCount prefill(Context& context, size_t slot, std::vector<llama_token>& held,
                     const std::vector<llama_token>& wanted, const std::function<void(Batch&)>& decode) {
  const auto sequence = static_cast<llama_seq_id>(slot);
  PrefillCount count;
  count.cached = common_prefix(held, wanted);
  if (count.cached < held.size()) {
    if (!context.truncate(sequence, count.cached)) count.cached = 0;
    held.resize(count.cached);
  }
  Batch batch;
  while (held.size() < wanted.size()) {
    const size_t end = std::min(wanted.size(), held.size() + context.batch_size());
    batch.clear();
    for (size_t i = held.size(); i < end; ++i) batch.add(wanted[i], static_cast<llama_pos>(i), sequence, false);
    try {
      decode(batch);
    } catch (...) {
      if (!context.truncate(sequence, held.size())) held.clear();
      throw;
    }
    count.decoded += end - held.size();
    held.assign(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(end));
  }
  return count;
}

}  // namespace argsearch

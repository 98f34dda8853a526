#include "context/prefixes.h"

#include <algorithm>

#include "error.h"

namespace argsearch {

PrefillCount Prefixes::fill(size_t slot, const std::vector<llama_token>& wanted,
                            const std::function<void(Batch&)>& decode, size_t most) {
  std::vector<llama_token>& held = slots_[slot];
  if (losses_[slot] != context_.losses()) held.clear();
  losses_[slot] = context_.losses();
  PrefillCount count;
  count.cached = common_prefix(held, wanted);
  if (count.cached < held.size()) {
    if (!context_.truncate(sequence(slot), count.cached)) count.cached = 0;
    held.resize(count.cached);
  }
  count.shared = share(slot, wanted);
  count.cached += count.shared;
  Batch batch;
  while (held.size() < wanted.size() && count.decoded < most) {
    const size_t length = std::min<size_t>(context_.batch_size(), most - count.decoded);
    const size_t end = std::min(wanted.size(), held.size() + length);
    batch.clear();
    for (size_t i = held.size(); i < end; ++i) {
      batch.add(wanted[i], static_cast<llama_pos>(i), sequence(slot), false);
    }
    try {
      decode(batch);
    } catch (...) {
      repair(slot);
      throw;
    }
    count.decoded += end - held.size();
    held.assign(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(end));
  }
  count.left = wanted.size() - held.size();
  return count;
}

llama_pos Prefixes::end(size_t slot) const {
  if (losses_[slot] == context_.losses()) return static_cast<llama_pos>(size(slot));
  throw Error(ErrorCode::kDecodeFailed, context_.model().path() +
                                            ": the state of this response was lost when another decode failed. Begin "
                                            "it again.");
}

size_t Prefixes::share(size_t slot, const std::vector<llama_token>& wanted) {
  // A recurrent model has one state a sequence, that at its end.
  if (context_.model().is_recurrent()) return 0;
  std::vector<llama_token>& held = slots_[slot];
  size_t donor = slot;
  size_t longest = held.size();
  for (size_t other = 0; other < slots_.size(); ++other) {
    const size_t common = common_prefix(slots_[other], wanted);
    if (common <= longest) continue;
    donor = other;
    longest = common;
  }
  const size_t shared = longest - held.size();
  if (shared == 0) return 0;
  engine().llama_memory_seq_cp(context_.memory(), sequence(donor), sequence(slot), end(slot),
                               static_cast<llama_pos>(longest));
  held.assign(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(longest));
  return shared;
}

void Prefixes::pop(size_t slot) {
  slots_[slot].pop_back();
  repair(slot);
}

void Prefixes::repair(size_t slot) {
  if (!context_.truncate(sequence(slot), size(slot))) slots_[slot].clear();
}

void Prefixes::clear(size_t slot) {
  context_.truncate(sequence(slot), 0);
  slots_[slot].clear();
}

}  // namespace argsearch

#include "context/prefixes.h"

#include <algorithm>
#include <iterator>

#include "engine/log.h"
#include "error.h"

namespace argsearch {

void Prefixes::copy_among(const std::vector<Prefixes*>& contexts) {
  for (Prefixes* each : contexts) {
    each->others_.clear();
    std::copy_if(contexts.begin(), contexts.end(), std::back_inserter(each->others_),
                 [each](const Prefixes* other) { return other != each; });
  }
}

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
  if (!context_.model().is_recurrent()) {  // which has one state a sequence, that at its end
    count.shared = share(slot, wanted);
    count.shared += copy(slot, wanted);
    count.cached = held.size();
  }
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

Prefixes::Held Prefixes::most_of(const std::vector<llama_token>& wanted) const {
  Held most{0, 0};
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    const size_t common = common_prefix(slots_[slot], wanted);
    if (common > most.tokens) most = {slot, common};
  }
  return most;
}

size_t Prefixes::share(size_t slot, const std::vector<llama_token>& wanted) {
  std::vector<llama_token>& held = slots_[slot];
  const Held donor = most_of(wanted);
  const size_t before = held.size();
  if (donor.tokens <= before) return 0;
  engine().llama_memory_seq_cp(context_.memory(), sequence(donor.slot), sequence(slot), end(slot),
                               static_cast<llama_pos>(donor.tokens));
  held.assign(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(donor.tokens));
  return donor.tokens - before;
}

size_t Prefixes::copy(size_t slot, const std::vector<llama_token>& wanted) {
  std::vector<llama_token>& held = slots_[slot];
  const size_t before = held.size();
  Prefixes* holder = nullptr;
  Held donor{slot, before};
  for (Prefixes* other : others_) {
    const Held found = other->most_of(wanted);
    if (found.tokens <= donor.tokens) continue;
    holder = other;
    donor = found;
  }
  if (holder == nullptr) return 0;
  const std::vector<uint8_t> state = holder->saved(donor.slot, donor.tokens);
  if (state.empty()) return 0;
  const LogCapture log;
  if (engine().llama_state_seq_set_data(context_.handle(), state.data(), state.size(), sequence(slot)) == 0) {
    clear(slot);
    return 0;
  }
  held.assign(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(donor.tokens));
  return donor.tokens - before;
}

std::vector<uint8_t> Prefixes::saved(size_t slot, size_t tokens) {
  if (branches_ == nullptr || branches_->free() == 0) return {};
  constexpr size_t kLent = SIZE_MAX;
  const llama_seq_id branch = branches_->take(slot, kLent);
  context_.truncate(branch, tokens);
  const LlamaApi& api = engine();
  std::vector<uint8_t> state(api.llama_state_seq_get_size(context_.handle(), branch));
  state.resize(api.llama_state_seq_get_data(context_.handle(), state.data(), state.size(), branch));
  branches_->drop(slot, kLent);
  return state;
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

#include "search/reward/reward.h"

#include <algorithm>

#include "error.h"

namespace argsearch {
namespace {

std::shared_ptr<const Model> with_head(std::shared_ptr<const Model> model) {
  if (!model->head()) {
    throw Error(
        ErrorCode::kRewardHeadMissing,
        model->path() + " has no reward head. Attach one with \"argsearch reward attach\", or name another file.");
  }
  return model;
}

uint32_t sequence_count(uint32_t slots) {
  const auto most = static_cast<uint32_t>(engine().llama_max_parallel_sequences());
  return std::min<uint32_t>(most, slots * (1 + Reward::kBranchesPerSlot));
}

ContextShape shape(uint32_t slots, uint32_t context_size) {
  const uint32_t sequences = sequence_count(slots);
  return ContextShape{slots * context_size + (sequences - slots), sequences, sequences};
}

}  // namespace

Reward::Reward(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots,
               uint32_t context_size)
    : hidden_(with_head(std::move(model)), settings, shape(slots, context_size)), slots_(slots) {
  for (auto id = static_cast<llama_seq_id>(sequence_count(slots)); id-- > static_cast<llama_seq_id>(slots);) {
    free_.push_back(id);
  }
  n_branches_ = free_.size();
}

PrefillCount Reward::begin(size_t slot, const std::vector<llama_token>& tokens) {
  drop(slot);
  return prefill(context(), slot, slots_[slot].tokens, tokens, [&](Batch& batch) {
    hidden_.decode(batch, [](size_t, const float*) {});
    ++decodes_;
  });
}

void Reward::branch(const std::vector<Request>& requests) {
  size_t wanted = 0;
  for (const Request& request : requests) {
    drop(request.slot);
    wanted += request.candidates->size();
  }
  // Slots that wait for their commit() give way to those that are being scored.
  if (wanted > free_.size()) {
    for (size_t slot = 0; slot < slots_.size(); ++slot) drop(slot);
  }
  try {
    if (wanted > free_.size()) {
      for (const Request& request : requests) decode_waves(request);
    } else {
      for (const Request& request : requests) take_branches(request.slot, request.candidates->size());
      decode_branches(requests);
    }
  } catch (...) {
    for (const Request& request : requests) drop(request.slot);
    throw;
  }
}

size_t Reward::take_branches(size_t slot, size_t count) {
  Slot& state = slots_[slot];
  const size_t taken = std::min(count, free_.size());
  for (size_t i = 0; i < taken; ++i) {
    const llama_seq_id branch = free_.back();
    free_.pop_back();
    state.branches.push_back(branch);
    engine().llama_memory_seq_cp(context().memory(), static_cast<llama_seq_id>(slot), branch, -1, -1);
  }
  return taken;
}

void Reward::decode_branches(const std::vector<Request>& requests) {
  batch_.clear();
  std::vector<double*> rows;
  for (const Request& request : requests) {
    const Slot& state = slots_[request.slot];
    for (size_t rank = 0; rank < state.branches.size(); ++rank) {
      batch_.add((*request.candidates)[rank], static_cast<llama_pos>(state.tokens.size()), state.branches[rank], true);
      rows.push_back(request.rewards + rank * n_labels());
    }
  }
  hidden_.decode(batch_, [&](size_t row, const float* hidden) { head().apply(hidden, rows[row]); });
  branch_tokens_ += batch_.size();
  ++decodes_;
}

void Reward::decode_waves(const Request& request) {
  for (size_t start = 0; start < request.candidates->size();) {
    const size_t count = take_branches(request.slot, request.candidates->size() - start);
    const auto first = request.candidates->begin() + static_cast<ptrdiff_t>(start);
    const std::vector<llama_token> wave(first, first + static_cast<ptrdiff_t>(count));
    decode_branches({Request{request.slot, &wave, request.rewards + start * n_labels()}});
    drop(request.slot);
    start += count;
  }
}

void Reward::commit(const std::vector<Choice>& choices) {
  std::vector<Choice> lost;
  for (const Choice& choice : choices) {
    const Slot& state = slots_[choice.slot];
    if (choice.rank < state.branches.size()) {
      const auto position = static_cast<llama_pos>(state.tokens.size());
      engine().llama_memory_seq_cp(context().memory(), state.branches[choice.rank],
                                   static_cast<llama_seq_id>(choice.slot), position, position + 1);
    } else {
      lost.push_back(choice);
    }
    drop(choice.slot);
  }
  try {
    if (!lost.empty()) decode_again(lost);
  } catch (...) {
    for (const Choice& choice : choices) {
      context().truncate(static_cast<llama_seq_id>(choice.slot), slots_[choice.slot].tokens.size());
    }
    throw;
  }
  for (const Choice& choice : choices) slots_[choice.slot].tokens.push_back(choice.token);
}

void Reward::decode_again(const std::vector<Choice>& choices) {
  batch_.clear();
  for (const auto& [slot, token, rank] : choices) {
    batch_.add(token, static_cast<llama_pos>(slots_[slot].tokens.size()), static_cast<llama_seq_id>(slot), false);
  }
  hidden_.decode(batch_, [](size_t, const float*) {});
  branch_tokens_ += batch_.size();
  ++decodes_;
}

void Reward::remove_sequence(llama_seq_id sequence) { context().truncate(sequence, 0); }

void Reward::drop(size_t slot) {
  Slot& state = slots_[slot];
  for (const llama_seq_id branch : state.branches) remove_sequence(branch);
  // Reversed, so that the next step takes them in the same order.
  free_.insert(free_.end(), state.branches.rbegin(), state.branches.rend());
  state.branches.clear();
}

void Reward::clear(size_t slot) {
  drop(slot);
  remove_sequence(static_cast<llama_seq_id>(slot));
  slots_[slot].tokens.clear();
}

}  // namespace argsearch

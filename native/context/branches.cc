#include "context/branches.h"

#include <algorithm>

namespace argsearch {

Branches::Branches(Context& context, size_t slots, SequenceRange sequences)
    : context_(context), capacity_(sequences.end - sequences.first), taken_(slots) {
  for (size_t id = sequences.end; id-- > sequences.first;) free_.push_back(static_cast<llama_seq_id>(id));
}

llama_seq_id Branches::take(size_t slot, size_t rank) {
  const llama_seq_id branch = free_.back();
  free_.pop_back();
  taken_[slot].push_back({rank, branch, 0});
  engine().llama_memory_seq_cp(context_.memory(), static_cast<llama_seq_id>(slot), branch, -1, -1);
  return branch;
}

const Branches::Branch* Branches::branch(size_t slot, size_t rank) const {
  const std::vector<Branch>& own = taken_[slot];
  const auto found = std::find_if(own.begin(), own.end(), [rank](const Branch& each) { return each.rank == rank; });
  return found == own.end() ? nullptr : &*found;
}

std::optional<llama_seq_id> Branches::find(size_t slot, size_t rank) const {
  const Branch* found = branch(slot, rank);
  return found ? std::optional<llama_seq_id>(found->sequence) : std::nullopt;
}

size_t Branches::length(size_t slot, size_t rank) const {
  const Branch* found = branch(slot, rank);
  return found ? found->length : 0;
}

void Branches::grow(size_t slot, size_t rank, size_t tokens) {
  for (Branch& each : taken_[slot]) {
    if (each.rank == rank) each.length += tokens;
  }
}

void Branches::shrink(size_t slot, size_t rank, size_t end, size_t tokens) {
  std::vector<Branch>& own = taken_[slot];
  const auto found = std::find_if(own.begin(), own.end(), [rank](const Branch& each) { return each.rank == rank; });
  if (found == own.end() || found->length <= tokens) return;
  if (context_.truncate(found->sequence, end + tokens)) {
    found->length = tokens;
  } else {
    drop(slot, rank);
  }
}

bool Branches::keep(size_t slot, size_t rank, llama_pos position, size_t tokens) {
  const Branch* found = branch(slot, rank);
  if (!found) return false;
  engine().llama_memory_seq_cp(context_.memory(), found->sequence, static_cast<llama_seq_id>(slot), position,
                               position + static_cast<llama_pos>(tokens));
  return true;
}

void Branches::drop(size_t slot) {
  std::vector<Branch>& own = taken_[slot];
  for (const Branch& branch : own) context_.truncate(branch.sequence, 0);
  // The one that was taken first comes out first again: a step meets the same sequences as the one before.
  for (auto branch = own.rbegin(); branch != own.rend(); ++branch) free_.push_back(branch->sequence);
  own.clear();
}

void Branches::drop(size_t slot, size_t rank) {
  std::vector<Branch>& own = taken_[slot];
  const auto found = std::find_if(own.begin(), own.end(), [rank](const Branch& each) { return each.rank == rank; });
  if (found == own.end()) return;
  context_.truncate(found->sequence, 0);
  free_.push_back(found->sequence);
  own.erase(found);
}

void Branches::drop_all() {
  for (size_t slot = 0; slot < taken_.size(); ++slot) drop(slot);
}

}  // namespace argsearch

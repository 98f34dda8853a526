#pragma once

#include <utility>
#include <vector>

#include "context/context.h"

namespace argsearch {

/// From `first` on, `end` not among them.
struct SequenceRange {
  size_t first;
  size_t end;
};

/// Sequences of a context that continue a slot's, each by one candidate or by the tokens of one draft. The cells of the
/// slot are marked as theirs, not copied. Sequences below `slots` are the slots themselves.
class Branches {
 public:
  Branches(Context& context, size_t slots, SequenceRange sequences);
  Branches(const Branches&) = delete;
  Branches& operator=(const Branches&) = delete;

  /// How many there are, and how many of them are free.
  size_t capacity() const { return capacity_; }
  size_t free() const { return free_.size(); }

  /// A free one, for the slot's candidate of this rank.
  llama_seq_id take(size_t slot, size_t rank);
  /// The one that was taken; nullopt when there is none, or no longer.
  std::optional<llama_seq_id> find(size_t slot, size_t rank) const;
  /// Tokens that a branch has behind its slot's, as grow() was told; 0 without a branch.
  size_t length(size_t slot, size_t rank) const;
  void grow(size_t slot, size_t rank, size_t tokens);
  /// A branch with more than so many tokens behind its slot's end, which is at `end`, loses the others; of a recurrent
  /// model, all of it.
  void shrink(size_t slot, size_t rank, size_t end, size_t tokens);
  /// The cells that the candidate's branch has from `position` on, so many, become the slot's own. False when it has no
  /// branch.
  bool keep(size_t slot, size_t rank, llama_pos position, size_t tokens = 1);
  void drop(size_t slot);
  void drop(size_t slot, size_t rank);
  void drop_all();

 private:
  struct Branch {
    size_t rank;
    llama_seq_id sequence;
    size_t length;
  };
  const Branch* branch(size_t slot, size_t rank) const;

  Context& context_;
  size_t capacity_;
  /// Of each slot, in the order they were taken.
  std::vector<std::vector<Branch>> taken_;
  /// A stack: the next one is at the end.
  std::vector<llama_seq_id> free_;
};

}  // namespace argsearch

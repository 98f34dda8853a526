#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "context/hidden.h"
#include "context/prefill.h"

namespace argsearch {

/// The reward model of a search: one cached prefix a slot, and the branches of the step under way.
///
/// A step copies the prefix sequence to one sequence a candidate (metadata only in the unified cache), decodes all
/// candidate tokens in one batch, and keeps the winner's cell as the new end of the prefix, so the winner is never
/// decoded twice.
class Reward {
 public:
  /// Sequences made for the branches of each slot, as far as llama.cpp has them.
  static constexpr uint32_t kBranchesPerSlot = 40;

  /// REWARD_HEAD_MISSING when the model has no head.
  Reward(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots, uint32_t context_size);

  /// Makes a slot hold `tokens`, all decoded. Reuses the longest prefix.
  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens);

  /// One slot's candidates in, k x n_labels rewards (row-major) out.
  struct Request {
    size_t slot;
    const std::vector<llama_token>* candidates;
    double* rewards;
  };
  /// Scores the candidates of several slots in one batch; the branches stay until commit() or drop(), or until other
  /// slots need the room. Candidates that do not fit at all are scored in waves, and leave no branch.
  void branch(const std::vector<Request>& requests);
  /// Most candidates of one branch(), over all of its slots, that are scored in one batch.
  size_t branches() const { return n_branches_; }

  struct Choice {
    size_t slot;
    llama_token token;
    size_t rank;
  };
  /// Keeps each slot's candidate `rank` as its new end and drops the others. Where its branch is gone, the token is
  /// decoded once more, all of them in one batch.
  void commit(const std::vector<Choice>& choices);
  /// Drops the slot's branches, keeping none.
  void drop(size_t slot);
  void clear(size_t slot);

  /// Tokens of a slot, without branches.
  size_t size(size_t slot) const { return slots_[slot].tokens.size(); }
  size_t n_labels() const { return head().n_labels(); }
  const RewardHead& head() const { return *hidden_.context().model().head(); }
  Context& context() { return hidden_.context(); }
  const Context& context() const { return hidden_.context(); }
  uint64_t decodes() const { return decodes_; }
  uint64_t tokens() const { return branch_tokens_; }
  uint64_t projections() const { return hidden_.projections(); }

 private:
  struct Slot {
    std::vector<llama_token> tokens;
    /// Sequence ids of the live branches, by rank; empty when there are none.
    std::vector<llama_seq_id> branches;
  };
  void decode_branches(const std::vector<Request>& requests);
  void decode_waves(const Request& request);
  void decode_again(const std::vector<Choice>& choices);
  void remove_sequence(llama_seq_id sequence);
  size_t take_branches(size_t slot, size_t count);

  HiddenContext hidden_;
  std::vector<Slot> slots_;
  std::vector<llama_seq_id> free_;
  size_t n_branches_;
  Batch batch_;
  uint64_t decodes_ = 0;
  uint64_t branch_tokens_ = 0;
};

}  // namespace argsearch

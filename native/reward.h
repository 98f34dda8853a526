#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hidden.h"
#include "prefill.h"

namespace argsearch {

/// The reward model of a search: one cached prefix a slot, and the branches of the step under way.
///
/// A step copies the prefix sequence to one sequence a candidate (metadata only in the unified cache), decodes all
/// candidate tokens in one batch, and keeps the winner's cell as the new end of the prefix, so the winner is never
/// decoded twice.
class Reward {
 public:
  /// Branches that a slot can hold at once; more candidates are scored in waves, and the winner is decoded once more.
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
  /// Scores the candidates of several slots, one batch where their branches fit. Each slot's branches stay until
  /// commit() or drop().
  void branch(const std::vector<Request>& requests);

  /// Keeps candidate `rank` as the slot's new end and drops the others.
  void commit(size_t slot, llama_token token, size_t rank);
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
    /// Sequence ids of the live branches, by rank; empty when there are none or they were scored in waves.
    std::vector<llama_seq_id> branches;
  };
  void decode_branches(const std::vector<Request>& requests);
  void decode_waves(const Request& request);
  void remove_sequence(llama_seq_id sequence);
  size_t take_branches(size_t slot, size_t count);

  HiddenContext hidden_;
  std::vector<Slot> slots_;
  std::vector<llama_seq_id> free_;
  Batch batch_;
  uint64_t decodes_ = 0;
  uint64_t branch_tokens_ = 0;
};

}  // namespace argsearch

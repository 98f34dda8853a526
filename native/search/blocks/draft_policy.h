#pragma once

#include <cstdint>
#include <vector>

#include "search/blocks/draft.h"
#include "search/propose/policies.h"
#include "search/results.h"

namespace argsearch {

/// Draws drafts from the policy, a token of each at a time. The slot's pending token is decoded once for all of its
/// drafts; each goes on in a branch. Where they do not fit side by side, in sequences or in the slot's cells, they are
/// drawn in waves, one to its end before the next.
class DraftPolicy {
 public:
  /// `policy` outlives it.
  DraftPolicy(Policies& policy, size_t context_size) : policy_(policy), context_size_(context_size) {}

  /// Tokens that a slot's next block may have.
  size_t room(size_t slot) const;
  /// One more token for the drafts of each slot that wait for one and have their turn: one batch a context. Slots whose
  /// samplers leave nothing are returned.
  std::vector<FailedStep> draw(const std::vector<Drafting>& slots);
  /// Each slot takes the tokens of a draft, the last of which becomes pending.
  void take(const std::vector<std::pair<size_t, const Draft*>>& drafts);
  void drop(size_t slot, size_t draft);
  /// After a failure: the slot is as before its block, or empty.
  void abandon(size_t slot);

  uint64_t tokens() const { return tokens_; }
  bool has_branches() const { return policy_.has_branches(); }
  const Model& model() const { return policy_.model(); }

 private:
  std::vector<Draft*> turn(const Drafting& slot);
  Run missing(size_t slot, const Draft& draft);
  void draw(const BlockSlot& slot, Draft& draft, const float* logits, double norm);
  void append(const BlockSlot& slot, Draft& draft, llama_token token) const;

  Policies& policy_;
  size_t context_size_;
  uint64_t tokens_ = 0;
};

}  // namespace argsearch

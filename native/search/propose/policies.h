#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "context/lanes.h"
#include "search/propose/policy.h"
#include "search/slot_ranges.h"

namespace argsearch {

/// The policy of all slots of a search, in as many contexts as keep each small: a token is weighed against every cell
/// of its context, those of other slots included. Slots are the search's; each context's Policy counts its own from 0.
class Policies {
 public:
  /// One context a range of slots. `lanes` outlives it. `shared`: see Policy(). What Context() throws.
  Policies(const std::shared_ptr<const Model>& model, const ContextSettings& settings,
           const std::vector<SlotRange>& ranges, uint32_t context_size, Lanes& lanes, bool shared = false);

  /// A slot as its context knows it.
  struct Place {
    Policy& policy;
    size_t slot;
  };
  Place place(size_t slot) const { return {*contexts_[context_of(slot)], slot % slots_per_context_}; }

  /// Policy::begin().
  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens, size_t most = kAllTokens);
  /// Decodes the pending token of every slot, in one batch a context; n_vocab logits of each, in the order of `slots`,
  /// valid until the next decode. Where one context fails, no slot has gone on. `beside`: what is done in the same
  /// round, in other contexts, if there is a thread for each.
  std::vector<const float*> decode(const std::vector<size_t>& slots, const std::vector<Work>& beside = {});
  /// Decodes runs[i] in the context of slots[i]. Sequences are the context's.
  void decode(const std::vector<size_t>& slots, const std::vector<Run>& runs, const OnRead& on_read);
  /// Policy::adopt_pending() of each context, with slots as it counts them.
  void adopt_pending(const std::vector<std::vector<size_t>>& slots);
  /// Policy::keep_hidden().
  void keep_hidden(size_t slot, bool keep);
  void commit(size_t slot, llama_token token);
  void clear(size_t slot);

  /// Policy::size().
  size_t size(size_t slot) const;
  /// Reward models rate in its contexts: see Policy::trunk().
  bool is_shared() const { return contexts_[0]->trunk() != nullptr; }
  bool has_branches() const { return contexts_[0]->branches().capacity() > 0; }
  const Model& model() const { return contexts_[0]->model(); }

  /// Of all contexts together.
  uint64_t decodes() const;
  uint64_t tokens() const;
  double decode_ms() const;
  size_t cache_bytes() const;

  const std::vector<std::unique_ptr<Policy>>& contexts() const { return contexts_; }
  size_t slots_per_context() const { return slots_per_context_; }
  Lanes& lanes() { return lanes_; }

 private:
  size_t context_of(size_t slot) const { return slot / slots_per_context_; }
  /// Places in `slots`, one list a context.
  std::vector<std::vector<size_t>> by_context(const std::vector<size_t>& slots) const;

  /// Takes those whose pending token has been decoded with their candidates: their logits are a product away. All of
  /// them in one.
  void project_adopted(const std::vector<size_t>& slots, std::vector<const float*>& logits);

  size_t slots_per_context_;
  Lanes& lanes_;
  std::vector<std::unique_ptr<Policy>> contexts_;
};

}  // namespace argsearch

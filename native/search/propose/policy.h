#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "context/branches.h"
#include "context/prefixes.h"
#include "context/runs.h"
#include "context/trunk_context.h"

namespace argsearch {

/// How many sequences a policy's context has beside those of its slots, and for what.
struct PolicyRoom {
  uint32_t drafts = 0;
  /// Candidates that reward models rate in the same context; 0 where they have contexts of their own.
  uint32_t candidates = 0;
};

/// The policy language model: one sequence a slot, each a cached prefix plus one pending token that the next step
/// decodes. Drafts continue a slot in branches.
///
/// Where its trunk is the reward models' as well, they rate candidates in its context, and the one that is taken is
/// decoded by then: adopt() leaves nothing pending but the product of its hidden state with the vocabulary's matrix.
class Policy {
 public:
  /// One of `contexts` contexts, which share the memory of drafts. `shared`: the reward models' trunk is this one; it
  /// stays without effect for a model of which that cannot be.
  Policy(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
         uint32_t context_size, bool shared = false, uint32_t contexts = 1);

  /// Makes a slot hold `tokens` (not empty), all decoded but the last, which becomes pending. Reuses the longest
  /// prefix. Decodes no more than `most`, and goes on when it is called again.
  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens, size_t most = kAllTokens);

  /// Whether hidden() of the slot will be asked for: where nothing is rated it is not, and plain decoding does not pay
  /// for it.
  void keep_hidden(size_t slot, bool keep) { next_[slot].kept = keep; }

  /// Decodes the pending token of every slot in one batch; n_vocab logits of each, in the order of `slots`, valid until
  /// the next decode. None of them has_adopted().
  std::vector<const float*> decode(const std::vector<size_t>& slots);
  /// Undoes the last decode() of these slots: their tokens are pending again.
  void take_back(const std::vector<size_t>& slots);

  /// Makes `token` pending.
  void commit(size_t slot, llama_token token) {
    next_[slot].token = token;
    next_[slot].decoded = false;
  }
  /// The pending token is at the slot's end already, with this hidden state (n_embd values).
  void adopt(size_t slot, const float* hidden);
  /// Nothing is pending: `token` is the slot's last, with this hidden state.
  void adopt_last(size_t slot, llama_token token, const float* hidden);
  /// Its last token is decoded, and its next logits are the product of hidden().
  bool has_adopted(size_t slot) const { return next_[slot].decoded; }
  /// Decodes the pending tokens of slots for their hidden states alone.
  void adopt_pending(const std::vector<size_t>& slots);
  /// Of the slot's last token that is not pending (n_embd values), from the first step on. Only with a trunk(), and
  /// where it is kept.
  const float* hidden(size_t slot) const { return next_[slot].hidden.data(); }
  void clear(size_t slot) {
    branches_.drop(slot);
    candidates_.drop(slot);
    prefixes_.clear(slot);
  }

  /// Decodes runs of slots and of branches; on_read() gets n_vocab logits.
  void decode(const std::vector<Run>& runs, const OnRead& on_read);
  llama_token pending(size_t slot) const { return next_[slot].token; }
  Prefixes& prefixes() { return prefixes_; }
  Branches& branches() { return branches_; }

  /// The context, if reward models rate in it, and its sequences for their candidates; null else.
  TrunkContext* trunk() { return trunk_.get(); }
  Branches& candidates() { return candidates_; }

  /// Tokens of a slot, the pending one included.
  size_t size(size_t slot) const { return prefixes_.size(slot) + (next_[slot].decoded ? 0 : 1); }
  const Model& model() const { return context().model(); }
  Context& context() { return trunk_ ? trunk_->context() : *context_; }
  const Context& context() const { return trunk_ ? trunk_->context() : *context_; }
  uint64_t decodes() const { return decodes_; }
  /// Pending tokens that were decoded.
  uint64_t tokens() const { return tokens_; }
  /// Milliseconds that decoding has taken.
  double decode_ms() const { return context().decode_ms() + (trunk_ ? trunk_->project_ms() : 0); }

 private:
  /// What the slot's next logits are made of.
  struct Next {
    llama_token token = 0;
    bool decoded = false;
    bool kept = true;
    /// Of that token if it is decoded, else of the one before.
    std::vector<float> hidden;
  };
  Policy(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
         uint32_t context_size, PolicyRoom room);
  void decode(Batch& batch, const OnRow& on_row = nullptr);
  void add_pending(const std::vector<size_t>& slots);
  void repair(const std::vector<size_t>& slots);

  /// One of both.
  std::unique_ptr<TrunkContext> trunk_;
  std::unique_ptr<Context> context_;
  Prefixes prefixes_;
  Branches branches_;
  Branches candidates_;
  /// Most tokens of a batch that are read.
  size_t outputs_;
  std::vector<Next> next_;
  Batch batch_;
  uint64_t decodes_ = 0;
  uint64_t tokens_ = 0;
};

}  // namespace argsearch

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "context/branches.h"
#include "context/prefixes.h"
#include "context/runs.h"

namespace argsearch {

/// The policy language model: one sequence a slot, each a cached prefix plus one pending token that the next step
/// decodes. Drafts continue a slot in branches.
class Policy {
 public:
  Policy(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
         uint32_t context_size);

  /// Makes a slot hold `tokens` (not empty), all decoded but the last, which becomes pending. Reuses the longest
  /// prefix.
  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens);

  /// Decodes the pending token of every slot in one batch; n_vocab logits of each, in the order of `slots`, valid until
  /// the next decode.
  std::vector<const float*> decode(const std::vector<size_t>& slots);

  /// Makes `token` pending.
  void commit(size_t slot, llama_token token) { pending_[slot] = token; }
  void clear(size_t slot) {
    branches_.drop(slot);
    prefixes_.clear(slot);
  }

  /// Decodes runs of slots and of branches; on_read() gets n_vocab logits.
  void decode(const std::vector<Run>& runs, const OnRead& on_read);
  llama_token pending(size_t slot) const { return pending_[slot]; }
  Prefixes& prefixes() { return prefixes_; }
  Branches& branches() { return branches_; }

  /// Tokens of a slot, the pending one included.
  size_t size(size_t slot) const { return prefixes_.size(slot) + 1; }
  const Model& model() const { return context_.model(); }
  const Context& context() const { return context_; }
  uint64_t decodes() const { return decodes_; }

 private:
  Policy(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots, uint32_t context_size,
         uint32_t sequences);
  const float* logits_of(size_t token) const;

  Context context_;
  Prefixes prefixes_;
  Branches branches_;
  /// Most tokens of a batch that are read.
  size_t outputs_;
  std::vector<llama_token> pending_;
  Batch batch_;
  uint64_t decodes_ = 0;
};

}  // namespace argsearch

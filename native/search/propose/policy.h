#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "context/prefixes.h"

namespace argsearch {

/// The policy language model: one sequence a slot, each a cached prefix plus one pending token that the next step
/// decodes.
class Policy {
 public:
  Policy(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots, uint32_t context_size);

  /// Makes a slot hold `tokens` (not empty), all decoded but the last, which becomes pending. Reuses the longest
  /// prefix.
  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens);

  /// Decodes the pending token of every slot in one batch; n_vocab logits of each, in the order of `slots`, valid until
  /// the next decode.
  std::vector<const float*> decode(const std::vector<size_t>& slots);

  /// Makes `token` pending.
  void commit(size_t slot, llama_token token) { pending_[slot] = token; }
  void clear(size_t slot) { prefixes_.clear(slot); }

  /// Tokens of a slot, the pending one included.
  size_t size(size_t slot) const { return prefixes_.size(slot) + 1; }
  const Model& model() const { return context_.model(); }
  const Context& context() const { return context_; }
  uint64_t decodes() const { return decodes_; }

 private:
  Context context_;
  Prefixes prefixes_;
  std::vector<llama_token> pending_;
  Batch batch_;
  uint64_t decodes_ = 0;
};

}  // namespace argsearch

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "context/context.h"
#include "context/prefill.h"

namespace argsearch {

/// The policy language model: one sequence a slot, each a cached prefix plus one pending token that the next step
/// decodes.
class Policy {
 public:
  Policy(std::shared_ptr<const Model> model, const ContextSettings& settings, uint32_t slots, uint32_t context_size);

  /// Makes a slot hold `tokens` (not empty), all decoded but the last, which becomes pending. Reuses the longest
  /// prefix.
  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens);

  /// Decodes the pending token of every slot in one batch; logits() then answers in the order of `slots`.
  void decode(const std::vector<size_t>& slots);
  /// n_vocab logits of the i-th slot of the last decode().
  const float* logits(size_t i) const;

  /// Makes `token` pending.
  void commit(size_t slot, llama_token token) { slots_[slot].pending = token; }
  void clear(size_t slot);

  /// Tokens of a slot, the pending one included.
  size_t size(size_t slot) const { return slots_[slot].tokens.size() + 1; }
  const Model& model() const { return context_.model(); }
  Context& context() { return context_; }
  const Context& context() const { return context_; }
  uint64_t decodes() const { return decodes_; }

 private:
  struct Slot {
    std::vector<llama_token> tokens;
    llama_token pending = 0;
  };
  Context context_;
  std::vector<Slot> slots_;
  Batch batch_;
  uint64_t decodes_ = 0;
};

}  // namespace argsearch

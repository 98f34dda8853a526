#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "model/gguf_model.h"

namespace argsearch {

/// The choice of a long-RoPE model (Phi-3 128k and its like) between its two sets of rotary factors, one for contexts
/// up to the length it was first trained with and one for longer ones.
///
/// llama.cpp decides by the cells of the whole cache. Here several slots and their branches share one, so the policy,
/// the reward model and the scorer would decide differently; the length of one sequence decides instead, when the model
/// is loaded.
class LongRope {
 public:
  /// nullopt for a model with one set. `context_size` 0: as long as the model allows.
  static std::optional<LongRope> read(const GgufModel& files, const std::string& architecture, uint32_t context_size);

  /// Metadata under which llama.cpp takes the chosen set for a cache of any size; valid as long as this object.
  const llama_model_kv_override* overrides() const { return overrides_.data(); }

  /// Most tokens that the first set is for.
  uint32_t original_context() const { return original_context_; }
  bool suits(uint32_t context_size) const { return (context_size > original_context_) == long_; }

 private:
  LongRope(const std::string& key, uint32_t original_context, bool is_long);

  uint32_t original_context_;
  bool long_;
  std::array<llama_model_kv_override, 2> overrides_{};  // the second, empty, ends the list
};

}  // namespace argsearch

#pragma once

#include <memory>
#include <vector>

#include "context/hidden.h"
#include "context/projection.h"

namespace argsearch {

/// A context of a trunk that policy and reward models have in common: hidden states for the heads, and logits for the
/// policy, with a decode or later, of a hidden state alone.
class TrunkContext {
 public:
  /// Null for a model whose graph cannot be ended at its hidden states, or whose projection cannot be repeated with the
  /// same numbers: one token is decoded to see it. What Context() throws.
  static std::unique_ptr<TrunkContext> create(std::shared_ptr<const Model> model, const ContextSettings& settings,
                                              const ContextShape& shape);

  HiddenContext& hidden() { return hidden_; }
  Context& context() { return hidden_.context(); }
  const Context& context() const { return hidden_.context(); }

  /// Logits of hidden states (rows x n_embd): rows x n_vocab values, valid until the next call. DECODE_FAILED,
  /// OUT_OF_MEMORY.
  const float* project(const std::vector<float>& hidden);
  /// Milliseconds spent there so far.
  double project_ms() const { return project_ms_; }

 private:
  TrunkContext(std::shared_ptr<const Model> model, const ContextSettings& settings, const ContextShape& shape)
      : hidden_(std::move(model), settings, shape) {}
  bool learn_projection(const ContextSettings& settings);

  HiddenContext hidden_;
  std::optional<Projection> projection_;
  std::vector<float> logits_;
  double project_ms_ = 0;
};

}  // namespace argsearch

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "context/rows.h"

namespace argsearch {

/// A context whose outputs are final-norm hidden states instead of logits.
///
/// The graph is ended at the node `result_norm` through llama.cpp's evaluation callback, so the vocabulary projection
/// is never computed. Architectures that do not name that node run in llama.cpp's embeddings mode: the same numbers,
/// with the projection's cost. Not movable: the callback holds its address.
class HiddenContext : public RowContext {
 public:
  /// MODEL_UNSUPPORTED for models that cannot branch, and what Context() throws.
  HiddenContext(std::shared_ptr<const Model> model, const ContextSettings& settings, ContextShape shape);
  HiddenContext(const HiddenContext&) = delete;
  HiddenContext& operator=(const HiddenContext&) = delete;

  /// Decodes a batch; `on_row(i, h)` is called for its i-th output token (counting outputs only) with n_embd values, in
  /// ascending order unless the model is recurrent.
  void decode(Batch& batch, const OnRow& on_row) override;
  /// The same, to the graph's end: the logits are there as well. Only where the graph can be ended.
  void decode_whole(Batch& batch, const OnRow& on_row);
  /// The context's logits alone: the graph is not halted to read hidden states, which a GPU would be waited for.
  void decode_plain(Batch& batch);

  /// The final norm's output is a node of the graph, which can be ended there.
  bool can_end() const { return truncated_; }
  /// Called with the last node of the next decode_whole(), while its inputs are there.
  void observe_output(std::function<void(const ggml_tensor& node)> on_output) { on_output_ = std::move(on_output); }

  Context& context() override { return *context_; }
  const Context& context() const { return *context_; }

  /// Most output tokens of one batch.
  size_t max_outputs() const override { return max_outputs_; }
  /// How many vocabulary projections were evaluated.
  uint64_t projections() const { return projections_; }

 private:
  static bool on_node(ggml_tensor* node, bool ask, void* self);
  bool asks_for(const ggml_tensor& node);
  bool take(ggml_tensor& node);
  void decode_truncated(Batch& batch, const OnRow& on_row);
  void decode_embeddings(Batch& batch, const OnRow& on_row);

  size_t max_outputs_;
  bool truncated_;
  /// The decode under way goes on behind the hidden states.
  bool whole_ = false;
  /// The decode under way is for the logits alone.
  bool plain_ = false;
  std::function<void(const ggml_tensor&)> on_output_;
  /// Rows of the last graph.
  std::vector<float> rows_;
  uint64_t projections_ = 0;
  // Declared last: freed before what its callback writes to.
  std::unique_ptr<Context> context_;
};

}  // namespace argsearch

#pragma once

#include "context/rows.h"

namespace argsearch {

/// A context whose outputs are logits, n_vocab a row.
class LogitsContext : public RowContext {
 public:
  /// MODEL_UNSUPPORTED for models that cannot branch, and what Context() throws.
  LogitsContext(std::shared_ptr<const Model> model, const ContextSettings& settings, const ContextShape& shape);

  void decode(Batch& batch, const OnRow& on_row) override;
  Context& context() override { return context_; }
  const Context& context() const { return context_; }
  size_t max_outputs() const override { return max_outputs_; }

 private:
  size_t max_outputs_;
  Context context_;
};

}  // namespace argsearch

#pragma once

#include <functional>

#include "context/context.h"

namespace argsearch {

/// Called with each output of a batch, counting outputs only.
using OnRow = std::function<void(size_t row, const float* values)>;

/// A context that gives a row of numbers for each token that is read: hidden states, or logits.
class RowContext {
 public:
  virtual ~RowContext() = default;

  /// Decodes a batch; `on_row` gets a row for each of its outputs, in ascending order unless the model is recurrent.
  virtual void decode(Batch& batch, const OnRow& on_row) = 0;
  virtual Context& context() = 0;
  /// Most output tokens of one batch.
  virtual size_t max_outputs() const = 0;
};

/// MODEL_UNSUPPORTED for a model whose sequences others cannot continue.
std::shared_ptr<const Model> able_to_branch(std::shared_ptr<const Model> model);

}  // namespace argsearch

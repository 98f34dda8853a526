#include "context/logits.h"

#include <algorithm>

namespace argsearch {

LogitsContext::LogitsContext(std::shared_ptr<const Model> model, const ContextSettings& settings,
                             const ContextShape& shape)
    : max_outputs_(std::max(shape.outputs, shape.sequences)),
      context_(able_to_branch(std::move(model)), settings, shape) {}

void LogitsContext::decode(Batch& batch, const OnRow& on_row) {
  context_.decode(batch);
  size_t row = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (batch.is_output(i)) on_row(row++, context_.logits(i));
  }
}

}  // namespace argsearch

#include "context/logits.h"

#include <algorithm>

#include "error.h"

namespace argsearch {

LogitsContext::LogitsContext(std::shared_ptr<const Model> model, const ContextSettings& settings,
                             const ContextShape& shape)
    : max_outputs_(std::max(shape.outputs, shape.sequences)),
      context_(able_to_branch(std::move(model)), settings, shape) {}

void LogitsContext::decode(Batch& batch, const OnRow& on_row) {
  context_.decode(batch);
  size_t row = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!batch.is_output(i)) continue;
    const float* logits = engine().llama_get_logits_ith(context_.handle(), static_cast<int32_t>(i));
    if (logits == nullptr) {
      throw Error(ErrorCode::kDecodeFailed, context_.model().path() + ": llama.cpp gave no logits.");
    }
    on_row(row++, logits);
  }
}

}  // namespace argsearch

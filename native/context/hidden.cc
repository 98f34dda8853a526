#include "context/hidden.h"

#include <algorithm>
#include <cstring>

#include "error.h"

namespace argsearch {

HiddenContext::HiddenContext(std::shared_ptr<const Model> model, const ContextSettings& settings, ContextShape shape)
    : max_outputs_(std::max(shape.outputs, shape.sequences)) {
  if (model->is_recurrent()) {
    throw Error(ErrorCode::kModelUnsupported, model->path() + ": the recurrent architecture \"" +
                                                  model->architecture() +
                                                  "\" cannot hold branches; use a transformer as reward model.");
  }
  shape.on_node = on_node;
  shape.on_node_data = this;
  context_ = std::make_unique<Context>(model, settings, shape);
  if (probe()) return;
  truncated_ = false;
  shape.embeddings = true;
  context_.reset();
  context_ = std::make_unique<Context>(model, settings, shape);
}

bool HiddenContext::probe() {
  Batch batch;
  batch.add(0, 0, 0, true);
  seen_ = false;
  context_->decode(batch);
  engine().llama_memory_clear(context_->memory(), /*data=*/false);
  return seen_;
}

bool HiddenContext::on_node(ggml_tensor* node, bool ask, void* self) {
  return static_cast<HiddenContext*>(self)->visit(node, ask);
}

bool HiddenContext::visit(ggml_tensor* node, bool ask) {
  if (ask) {
    if (node->name[0] != 'r') return false;
    if (std::strcmp(node->name, "result_output") == 0) ++projections_;
    return truncated_ && std::strcmp(node->name, "result_norm") == 0;
  }
  const LlamaApi& api = engine();
  const bool readable = node->type == GGML_TYPE_F32 && api.ggml_is_contiguous(node) &&
                        static_cast<size_t>(node->ne[0]) == context_->model().n_embd();
  if (readable) {
    seen_ = true;
    rows_.resize(static_cast<size_t>(api.ggml_nelements(node)));
    if (!rows_.empty()) api.ggml_backend_tensor_get(node, rows_.data(), 0, rows_.size() * sizeof(float));
  }
  // False ends the graph here: what follows is the vocabulary projection. During the constructor's probe an unreadable
  // node lets the graph go on, as it will in embeddings mode.
  return !readable;
}

void HiddenContext::decode(Batch& batch, const std::function<void(size_t, const float*)>& on_row) {
  if (truncated_) {
    decode_truncated(batch, on_row);
  } else {
    decode_embeddings(batch, on_row);
  }
}

void HiddenContext::decode_truncated(Batch& batch, const std::function<void(size_t, const float*)>& on_row) {
  const size_t n_embd = context_->model().n_embd();
  const size_t outputs = batch.outputs();
  seen_ = false;
  context_->decode(batch);
  if (outputs == 0) return;
  if (!seen_ || rows_.size() != outputs * n_embd) {
    throw Error(ErrorCode::kDecodeFailed, context_->model().path() + ": llama.cpp gave " +
                                              std::to_string(rows_.size() / n_embd) + " hidden states for " +
                                              std::to_string(outputs) + " tokens.");
  }
  for (size_t row = 0; row < outputs; ++row) on_row(row, rows_.data() + row * n_embd);
}

void HiddenContext::decode_embeddings(Batch& batch, const std::function<void(size_t, const float*)>& on_row) {
  context_->decode(batch);
  size_t row = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!batch.is_output(i)) continue;
    const float* hidden = engine().llama_get_embeddings_ith(context_->handle(), static_cast<int32_t>(i));
    if (hidden == nullptr) {
      throw Error(ErrorCode::kDecodeFailed, context_->model().path() + ": llama.cpp gave no hidden state.");
    }
    on_row(row++, hidden);
  }
}

}  // namespace argsearch

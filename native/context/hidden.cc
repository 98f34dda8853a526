#include "context/hidden.h"

#include <algorithm>
#include <cstring>

#include "context/equal_parts.h"
#include "context/probe.h"
#include "error.h"

namespace argsearch {
namespace {

bool is_result_output(const ggml_tensor& node) { return std::strcmp(node.name, "result_output") == 0; }

}  // namespace

HiddenContext::HiddenContext(std::shared_ptr<const Model> model, const ContextSettings& settings, ContextShape shape)
    : max_outputs_(std::max(shape.outputs, shape.sequences)),
      truncated_(probe(able_to_branch(model), settings).names_result_norm) {
  const auto n_embd_out = static_cast<size_t>(engine().llama_model_n_embd_out(model->handle()));
  if (!truncated_ && n_embd_out != model->n_embd()) {
    throw Error(ErrorCode::kModelUnsupported, model->path() + ": llama.cpp gives hidden states of " +
                                                  std::to_string(n_embd_out) + " numbers, the model's own have " +
                                                  std::to_string(model->n_embd()) + ".");
  }
  shape.embeddings = !truncated_;
  shape.on_node = on_node;
  shape.on_node_data = this;
  context_ = std::make_unique<Context>(std::move(model), settings, shape);
}

bool HiddenContext::on_node(ggml_tensor* node, bool ask, void* data) {
  auto* self = static_cast<HiddenContext*>(data);
  return ask ? self->asks_for(*node) : self->take(*node);
}

bool HiddenContext::asks_for(const ggml_tensor& node) {
  if (plain_ || node.name[0] != 'r') return false;
  if (!truncated_) return false;
  if (is_result_output(node)) {
    ++projections_;
    return static_cast<bool>(on_output_);
  }
  return is_result_norm(node) && is_readable(node, context_->model().n_embd());
}

/// Whether the graph goes on. What follows the hidden states is the vocabulary projection.
bool HiddenContext::take(ggml_tensor& node) {
  if (is_result_output(node)) {
    on_output_(node);
    return true;
  }
  const LlamaApi& api = engine();
  rows_.resize(static_cast<size_t>(api.ggml_nelements(&node)));
  if (!rows_.empty()) api.ggml_backend_tensor_get(&node, rows_.data(), 0, rows_.size() * sizeof(float));
  return whole_;
}

void HiddenContext::decode(Batch& batch, const OnRow& on_row) {
  const Model& model = context_->model();
  if (!truncated_) {
    decode_embeddings(batch, on_row);
  } else if (!model.is_recurrent()) {
    decode_truncated(batch, on_row);
  } else {
    for (EqualPart& part : equal_parts(batch, /*neighbours=*/!model.has_attention())) {
      decode_truncated(part.batch, [&](size_t row, const float* hidden) { on_row(part.rows[row], hidden); });
    }
  }
}

void HiddenContext::decode_whole(Batch& batch, const OnRow& on_row) {
  whole_ = true;
  try {
    decode_truncated(batch, on_row);
  } catch (...) {
    whole_ = false;
    throw;
  }
  whole_ = false;
}

void HiddenContext::decode_plain(Batch& batch) {
  plain_ = true;
  try {
    context_->decode(batch);
  } catch (...) {
    plain_ = false;
    throw;
  }
  plain_ = false;
}

void HiddenContext::decode_truncated(Batch& batch, const OnRow& on_row) {
  const size_t n_embd = context_->model().n_embd();
  const size_t outputs = batch.outputs();
  rows_.clear();
  context_->decode(batch);
  if (outputs == 0) return;
  if (rows_.size() != outputs * n_embd) {
    throw Error(ErrorCode::kDecodeFailed, context_->model().path() + ": llama.cpp gave " +
                                              std::to_string(rows_.size() / n_embd) + " hidden states for " +
                                              std::to_string(outputs) + " tokens.");
  }
  for (size_t row = 0; row < outputs; ++row) on_row(row, rows_.data() + row * n_embd);
}

void HiddenContext::decode_embeddings(Batch& batch, const OnRow& on_row) {
  context_->decode(batch);
  ++projections_;  // whatever its node is called
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

#include "context/probe.h"

#include <cstring>

#include "engine/assertion_guard.h"
#include "error.h"

namespace argsearch {
namespace {

/// One token. The graph of a hybrid model whose file gives it layers of one kind only fails an assertion, which becomes
/// an exception where no other thread waits for the one that throws.
void decode_alone(Context& context, Batch& batch) {
  const AssertionGuard guard;
  try {
    context.decode(batch);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kDecodeFailed) throw;
    throw Error(ErrorCode::kModelInvalid, error.what());
  }
}

}  // namespace

bool is_result_norm(const ggml_tensor& node) { return std::strcmp(node.name, "result_norm") == 0; }

bool is_readable(const ggml_tensor& node, size_t n_embd) {
  return node.type == GGML_TYPE_F32 && engine().ggml_is_contiguous(&node) && static_cast<size_t>(node.ne[0]) == n_embd;
}

Probed probe(const std::shared_ptr<const Model>& model, ContextSettings settings) {
  if (const std::optional<Probed> known = model->probed()) return *known;
  struct Seen {
    size_t n_embd;
    bool result_norm;
  } seen{model->n_embd(), false};
  ContextShape shape;
  shape.cells = 1;
  shape.on_node = [](ggml_tensor* node, bool ask, void* data) {
    auto* found = static_cast<Seen*>(data);
    if (ask) return is_result_norm(*node);
    found->result_norm = is_readable(*node, found->n_embd);
    return false;
  };
  shape.on_node_data = &seen;
  settings.batch_size = 1;
  if (model->is_recurrent()) {
    settings.threads = 1;
    settings.shared_threads = nullptr;
  }
  Context context(model, settings, shape);
  Batch batch;
  batch.add(0, 0, 0, true);
  if (model->is_recurrent()) {
    decode_alone(context, batch);
  } else {
    context.decode(batch);
  }
  const Probed probed{seen.result_norm, model->is_recurrent() ? context.cache_bytes() : 0};
  model->set_probed(probed);
  return probed;
}

size_t state_bytes(const std::shared_ptr<const Model>& model, const ContextSettings& settings) {
  return model->is_recurrent() ? probe(model, settings).state_bytes : 0;
}

}  // namespace argsearch

#include "context/adapted_model.h"

#include <set>

#include "context/context.h"
#include "engine/assertion_guard.h"
#include "error.h"
#include "model/gguf_file.h"

namespace argsearch {
namespace {

/// Names of the tensors that a token's graph multiplies by, or looks rows up in.
std::set<std::string> tensors_read(const std::shared_ptr<const Model>& model) {
  std::set<std::string> read;
  ContextShape shape;
  shape.cells = 1;
  shape.on_node = [](ggml_tensor* node, bool, void* data) {
    if (node->src[0] != nullptr) static_cast<std::set<std::string>*>(data)->insert(node->src[0]->name);
    return false;
  };
  shape.on_node_data = &read;
  ContextSettings settings;
  settings.batch_size = 1;
  // No other thread may wait for one that throws out of a graph.
  settings.threads = 1;
  settings.interrupt = std::make_shared<Interrupt>();
  Context context(model, settings, shape);
  Batch batch;
  batch.add(0, 0, 0, true);
  const AssertionGuard guard;
  context.decode(batch);
  return read;
}

[[noreturn]] void refuse(const Model& model, const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kModelUnsupported, path + ": llama.cpp cannot apply this adapter to " + model.path() + ": " +
                                                why + ". Merge it with the model before they are converted.");
}

}  // namespace

std::shared_ptr<const Model> adapted_model(const std::shared_ptr<const Model>& model, const std::string& path) {
  const LlamaApi& api = engine();
  std::shared_ptr<const Model> adapted = Model::with_adapter(model, path);
  std::set<std::string> read;
  try {
    read = tensors_read(adapted);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kDecodeFailed) throw;
    refuse(*model, path, error.what());
  }
  const GgufFile adapter(path);
  for (int64_t index = 0; index < api.gguf_get_n_tensors(adapter.context()); ++index) {
    const std::string tensor = api.gguf_get_tensor_name(adapter.context(), index);
    if (read.count(tensor) == 0) refuse(*model, path, "nothing reads its tensor " + tensor);
  }
  return adapted;
}

}  // namespace argsearch

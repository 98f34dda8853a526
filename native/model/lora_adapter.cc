#include "model/lora_adapter.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "engine/assertion_guard.h"
#include "engine/failures.h"
#include "engine/log.h"
#include "error.h"
#include "model/gguf_model.h"

namespace argsearch {
namespace {

constexpr const char* kSuffixes[] = {".lora_a", ".lora_b"};

/// Those that convert_lora_to_gguf.py writes. Of others ggml may have no product.
constexpr ggml_type kTypes[] = {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0};

[[noreturn]] void fail(ErrorCode code, const GgufFile& adapter, const std::string& what) {
  throw Error(code, adapter.path() + ": " + what);
}

void check_kind(const GgufFile& adapter, const std::string& architecture, const std::string& model_path) {
  if (adapter.string("general.type") != "adapter") {
    fail(ErrorCode::kModelInvalid, adapter,
         "this is no adapter, its general.type says otherwise. A whole model is named as the reward itself.");
  }
  if (adapter.string("adapter.type") != "lora") {
    fail(ErrorCode::kModelUnsupported, adapter, "this adapter is no LoRA, which llama.cpp applies and no other.");
  }
  if (adapter.find("adapter.alora.invocation_tokens") >= 0) {
    fail(ErrorCode::kModelUnsupported, adapter,
         "this is an activated LoRA (aLoRA), which begins in the middle of a text; name one that is not.");
  }
  const std::string own = adapter.string("general.architecture");
  if (own == architecture) return;
  fail(ErrorCode::kModelUnsupported, adapter,
       "this adapter is of a model of the architecture \"" + own + "\", but " + model_path + " is \"" + architecture +
           "\". Name the model that it was trained on.");
}

void check_alpha(const GgufFile& adapter) {
  const int64_t id = adapter.find("adapter.lora.alpha");
  if (id < 0) return;
  const bool is_float = engine().gguf_get_kv_type(adapter.context(), id) == GGUF_TYPE_FLOAT32;
  if (is_float && std::isfinite(engine().gguf_get_val_f32(adapter.context(), id))) return;
  fail(ErrorCode::kModelInvalid, adapter, "this adapter is damaged: adapter.lora.alpha is no finite f32.");
}

/// The name of the weights that a tensor changes.
std::string changed_by(const GgufFile& adapter, const std::string& tensor) {
  for (const std::string suffix : kSuffixes) {
    const bool ends =
        tensor.size() > suffix.size() && tensor.compare(tensor.size() - suffix.size(), suffix.size(), suffix) == 0;
    if (ends) return tensor.substr(0, tensor.size() - suffix.size());
  }
  fail(ErrorCode::kModelUnsupported, adapter,
       "this adapter has the tensor " + tensor +
           ", which llama.cpp would leave out. Merge it with its model before they are converted.");
}

/// llama.cpp compares the first two dimensions alone.
void check_tensor(const GgufFile& adapter, int64_t index, const GgufModel& model) {
  const LlamaApi& api = engine();
  const std::string tensor = api.gguf_get_tensor_name(adapter.context(), index);
  const std::string changed = changed_by(adapter, tensor);
  const ggml_type type = api.gguf_get_tensor_type(adapter.context(), index);
  if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
    fail(ErrorCode::kModelUnsupported, adapter,
         "the tensor " + tensor + " is of the type " + api.ggml_type_name(type) +
             "; adapters are f32, f16, bf16 or q8_0. Convert it again.");
  }
  const auto part = std::find_if(model.files().begin(), model.files().end(),
                                 [&](const GgufFile& file) { return file.has_tensor(changed); });
  if (part == model.files().end()) {
    fail(ErrorCode::kModelUnsupported, adapter,
         "this adapter changes the tensor " + changed + ", which " + model.path() +
             " does not have. Name the model that it was trained on.");
  }
  const int64_t* own = api.gguf_get_tensor_ne(adapter.context(), index);
  const int64_t* wanted =
      api.gguf_get_tensor_ne(part->context(), api.gguf_find_tensor(part->context(), changed.c_str()));
  const bool fits = own[0] > 0 && own[1] > 0 && own[2] == wanted[2] && own[3] == wanted[3];
  if (!fits)
    fail(ErrorCode::kModelInvalid, adapter, "this adapter is damaged: the tensor " + tensor + " has a wrong shape.");
}

void check_adapter(const GgufFile& adapter, const std::string& model_path) {
  const GgufModel model(model_path);
  check_kind(adapter, model.first().string("general.architecture"), model_path);
  check_alpha(adapter);
  const int64_t tensors = engine().gguf_get_n_tensors(adapter.context());
  if (tensors == 0) fail(ErrorCode::kModelInvalid, adapter, "this adapter has no tensors: it changes nothing.");
  for (int64_t index = 0; index < tensors; ++index) check_tensor(adapter, index, model);
}

[[noreturn]] void fail_load(const GgufFile& adapter, const std::string& model_path, const LogCapture& log) {
  const std::string reason = log.last_line("llama.cpp gave no reason");
  if (failure_in(log.text()) == EngineFailure::kOutOfMemory) {
    fail(ErrorCode::kOutOfMemory, adapter, "this adapter does not fit into memory: " + reason);
  }
  fail(ErrorCode::kModelUnsupported, adapter,
       "this adapter cannot be applied to " + model_path + ": " + reason +
           ". Name the model that it was trained on, or fetch it again.");
}

}  // namespace

llama_adapter_lora* load_adapter(llama_model* weights, const std::string& model_path, const std::string& path) {
  const GgufFile adapter(path);
  check_adapter(adapter, model_path);
  const LogCapture log;
  llama_adapter_lora* loaded = nullptr;
  try {
    const AssertionGuard guard;
    loaded = engine().llama_adapter_lora_init(weights, path.c_str());
  } catch (const EngineAssertion& error) {
    fail(ErrorCode::kModelInvalid, adapter, std::string("this adapter is damaged: ") + error.what());
  }
  if (loaded == nullptr) fail_load(adapter, model_path, log);
  return loaded;
}

}  // namespace argsearch

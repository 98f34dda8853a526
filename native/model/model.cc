#include "model/model.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "engine/assertion_guard.h"
#include "engine/failures.h"
#include "engine/log.h"
#include "error.h"

namespace argsearch {
namespace {

/// The parameters that llama.cpp divides by or indexes with before it checks them, with their least values.
void check_shape(const GgufFile& file, const std::string& architecture) {
  constexpr int64_t kMost = int64_t{1} << 24;
  constexpr std::pair<const char*, int64_t> kParameters[] = {
      {"block_count", 1}, {"embedding_length", 1}, {"context_length", 1}, {"attention.head_count", 0}};
  for (const auto& [name, least] : kParameters) {
    const std::string key = architecture + "." + name;
    const int64_t id = file.find(key);
    if (id < 0 || engine().gguf_get_kv_type(file.context(), id) == GGUF_TYPE_ARRAY) continue;
    const int64_t value = file.integer(key);
    if (value < least || value > kMost) {
      throw Error(ErrorCode::kModelInvalid, file.path() + " is damaged: " + key + " is not an integer from " +
                                                std::to_string(least) + " to " + std::to_string(kMost) + ".");
    }
  }
}

/// The numbers that llama.cpp takes into its graphs unchecked; some of them fail an assertion there, while decoding.
void check_numbers(const GgufFile& file, const std::string& architecture) {
  const LlamaApi& api = engine();
  for (int64_t id = 0; id < api.gguf_get_n_kv(file.context()); ++id) {
    const std::string key = api.gguf_get_key(file.context(), id);
    const bool parameter = key.compare(0, architecture.size() + 1, architecture + ".") == 0;
    if (!parameter || api.gguf_get_kv_type(file.context(), id) != GGUF_TYPE_FLOAT32) continue;
    const float value = api.gguf_get_val_f32(file.context(), id);
    const bool negative = value < 0 && key.find("epsilon") != std::string::npos;
    if (!std::isfinite(value) || negative) {
      throw Error(ErrorCode::kModelInvalid,
                  file.path() + " is damaged: " + key + " cannot be " + std::to_string(value) + ".");
    }
  }
}

/// No kernel multiplies by these; llama.cpp finds out by crashing. Integer tables, which it only looks up, are not
/// weights.
bool is_computable(ggml_type type, const std::string& name) {
  switch (type) {
    case GGML_TYPE_I8:
    case GGML_TYPE_I16:
    case GGML_TYPE_I32:
    case GGML_TYPE_I64:
      return name.find("tid2eid") != std::string::npos;
    case GGML_TYPE_F64:
    case GGML_TYPE_Q8_1:
    case GGML_TYPE_Q8_K:
      return false;
    default:
      break;
  }
  // Added or multiplied element by element, which is done in F32 only.
  const bool elementwise = name.find("norm") != std::string::npos || name.find(".bias") != std::string::npos;
  return !elementwise || type == GGML_TYPE_F32;
}

void check_tensor_types(const GgufFile& file) {
  const LlamaApi& api = engine();
  for (int64_t i = 0; i < api.gguf_get_n_tensors(file.context()); ++i) {
    const std::string name = api.gguf_get_tensor_name(file.context(), i);
    const ggml_type type = api.gguf_get_tensor_type(file.context(), i);
    if (is_computable(type, name)) continue;
    throw Error(ErrorCode::kModelInvalid, file.path() + " is damaged: llama.cpp cannot compute with the tensor " +
                                              name + " in the format " + api.ggml_type_name(type) + ".");
  }
}

void check_tokenizer(const GgufFile& file) {
  const std::string tokenizer = file.string("tokenizer.ggml.model");
  if (tokenizer == "none" || tokenizer == "no_vocab") {
    throw Error(ErrorCode::kModelUnsupported,
                file.path() + " has no vocabulary; argsearch needs a model that comes with its tokenizer.");
  }
}

bool mostly_f32(const GgufFile& file) {
  const LlamaApi& api = engine();
  uint64_t f32 = 0;
  uint64_t total = 0;
  for (int64_t i = 0; i < api.gguf_get_n_tensors(file.context()); ++i) {
    const uint64_t size = api.gguf_get_tensor_size(file.context(), i);
    total += size;
    if (api.gguf_get_tensor_type(file.context(), i) == GGML_TYPE_F32) f32 += size;
  }
  return 2 * f32 > total;
}

bool equal_ignoring_case(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// The null-terminated device list llama.cpp takes; empty (no list) means every GPU.
std::vector<ggml_backend_dev_t> select_devices(const std::string& backend) {
  const LlamaApi& api = engine();
  if (backend.empty()) return {};
  std::vector<ggml_backend_dev_t> devices;
  if (backend != "CPU") {
    for (size_t i = 0; i < api.ggml_backend_dev_count(); ++i) {
      ggml_backend_dev_t device = api.ggml_backend_dev_get(i);
      const char* name = api.ggml_backend_reg_name(api.ggml_backend_dev_backend_reg(device));
      // Metal's registry is called "MTL" in some versions.
      const bool metal = equal_ignoring_case(backend, "Metal") && equal_ignoring_case(name, "MTL");
      if (equal_ignoring_case(name, backend) || metal) devices.push_back(device);
    }
    if (devices.empty()) {
      throw Error(ErrorCode::kDeviceUnavailable,
                  "no " + backend + " device: the engine in " + api.dir +
                      " offers none on this machine. \"argsearch devices\" lists what there is.");
    }
  }
  devices.push_back(nullptr);
  return devices;
}

[[noreturn]] void fail_load(const std::string& path, const std::string& architecture, const LogCapture& log) {
  const std::string reason = log.last_line("llama.cpp gave no reason");
  const EngineFailure failure = failure_in(log.text());
  if (failure == EngineFailure::kUnknownArchitecture) {
    throw Error(ErrorCode::kModelUnsupported,
                path + ": llama.cpp " + engine().version + " does not know the architecture \"" + architecture +
                    "\". A newer one may: update argsearch, or set engineDir to its libraries.");
  }
  if (failure == EngineFailure::kOutOfMemory) {
    throw Error(ErrorCode::kOutOfMemory, path + " does not fit into memory: " + reason);
  }
  throw Error(ErrorCode::kModelInvalid, path + " cannot be loaded: " + reason);
}

}  // namespace

std::shared_ptr<const Model> Model::load(const ModelParams& params, const std::function<bool(float)>& progress) {
  const LlamaApi& api = engine();
  const GgufFile file(params.path);
  std::shared_ptr<Model> model(new Model());
  model->path_ = params.path;
  model->architecture_ = file.string("general.architecture");
  model->is_f32_ = mostly_f32(file);
  model->is_causal_ = file.boolean(model->architecture_ + ".attention.causal", true);
  if (model->architecture_.empty()) {
    throw Error(ErrorCode::kModelUnsupported,
                params.path + " names no architecture (general.architecture): not a model.");
  }
  check_shape(file, model->architecture_);
  check_numbers(file, model->architecture_);
  check_tensor_types(file);
  check_tokenizer(file);

  model->long_rope_ = LongRope::read(file, model->architecture_, params.context_size);

  std::vector<ggml_backend_dev_t> devices = select_devices(params.backend);
  llama_model_params settings = api.llama_model_default_params();
  settings.devices = devices.empty() ? nullptr : devices.data();
  settings.n_gpu_layers = params.backend == "CPU" ? 0 : params.gpu_layers;
  if (model->long_rope_) settings.kv_overrides = model->long_rope_->overrides();
  struct Progress {
    const std::function<bool(float)>& report;
    bool aborted;
  } state{progress, false};
  settings.progress_callback = [](float value, void* user_data) {
    auto* self = static_cast<Progress*>(user_data);
    self->aborted = !self->report(value);
    return !self->aborted;
  };
  settings.progress_callback_user_data = &state;

  const LogCapture log;
  const AssertionGuard guard;
  model->model_.reset(api.llama_model_load_from_file(params.path.c_str(), settings));
  if (state.aborted) throw Error(ErrorCode::kAborted, "loading " + params.path + " was aborted.");
  if (!model->model_) fail_load(params.path, model->architecture_, log);
  model->vocab_ = api.llama_model_get_vocab(model->handle());
  if (model->n_vocab() <= 0) throw Error(ErrorCode::kModelUnsupported, params.path + " has no vocabulary.");
  model->head_ = RewardHead::read(file, model->n_embd());
  return model;
}

size_t Model::n_embd() const { return static_cast<size_t>(engine().llama_model_n_embd(handle())); }
int32_t Model::n_vocab() const { return engine().llama_vocab_n_tokens(vocab()); }
int32_t Model::n_ctx_train() const { return engine().llama_model_n_ctx_train(handle()); }

bool Model::is_recurrent() const {
  return engine().llama_model_is_recurrent(handle()) || engine().llama_model_is_hybrid(handle());
}

std::optional<bool> Model::names_result_norm() const {
  const ResultNorm known = result_norm_;
  return known == ResultNorm::kUnknown ? std::nullopt : std::optional<bool>(known == ResultNorm::kNamed);
}

void Model::check_context_size(uint32_t context_size) const {
  if (!long_rope_ || long_rope_->suits(context_size)) return;
  throw Error(ErrorCode::kOptionInvalid,
              path_ + " takes other RoPE factors beyond " + std::to_string(long_rope_->original_context()) +
                  " tokens, and was loaded for a context on the other side of it. Set contextSize to " +
                  std::to_string(context_size) + ".");
}

std::string Model::description() const {
  std::string text(256, '\0');
  const int32_t length = engine().llama_model_desc(handle(), text.data(), text.size());
  text.resize(static_cast<size_t>(std::clamp(length, 0, 255)));
  return text;
}

std::string Model::chat_template() const {
  const char* text = engine().llama_model_chat_template(handle(), nullptr);
  return text != nullptr ? text : "";
}

std::vector<llama_token> Model::tokenize(const std::string& text, bool add_special, bool parse_special) const {
  const AssertionGuard guard;
  try {
    return tokenize_unguarded(text, add_special, parse_special);
  } catch (const std::exception& error) {
    throw Error(ErrorCode::kModelInvalid, path_ + ": its vocabulary cannot tokenize (" + error.what() +
                                              "). The file is damaged, or made for another tokenizer.");
  }
}

std::vector<llama_token> Model::tokenize_unguarded(const std::string& text, bool add_special,
                                                   bool parse_special) const {
  const auto length = static_cast<int32_t>(text.size());
  std::vector<llama_token> tokens(text.size() + 8);
  const auto run = [&] {
    return engine().llama_tokenize(vocab(), text.data(), length, tokens.data(), static_cast<int32_t>(tokens.size()),
                                   add_special, parse_special);
  };
  int32_t count = run();
  if (count < 0) {
    tokens.resize(static_cast<size_t>(-static_cast<int64_t>(count)));
    count = run();
  }
  tokens.resize(static_cast<size_t>(std::max(count, 0)));
  return tokens;
}

std::string Model::piece(llama_token token, bool special) const {
  std::string bytes(64, '\0');
  const auto run = [&] {
    return engine().llama_token_to_piece(vocab(), token, bytes.data(), static_cast<int32_t>(bytes.size()), 0, special);
  };
  int32_t length = run();
  if (length < 0) {
    bytes.resize(static_cast<size_t>(-length));
    length = run();
  }
  bytes.resize(static_cast<size_t>(std::max(length, 0)));
  return bytes;
}

std::string Model::token_text(llama_token token) const {
  if (token < 0 || token >= n_vocab()) return "";
  const char* text = engine().llama_vocab_get_text(vocab(), token);
  return text != nullptr ? text : "";
}

std::string vocabulary_difference(const Model& a, const Model& b) {
  const LlamaApi& api = engine();
  if (a.n_vocab() != b.n_vocab()) {
    return std::to_string(a.n_vocab()) + " tokens against " + std::to_string(b.n_vocab());
  }
  for (llama_token token = 0; token < a.n_vocab(); ++token) {
    const std::string text_a = a.token_text(token);
    const std::string text_b = b.token_text(token);
    if (text_a != text_b) return "token " + std::to_string(token) + " is \"" + text_a + "\" against \"" + text_b + "\"";
  }
  if (api.llama_vocab_type(a.vocab()) != api.llama_vocab_type(b.vocab()))
    return "their tokenizers are of different types";
  return "";
}

}  // namespace argsearch

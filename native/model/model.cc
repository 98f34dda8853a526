#include "model/model.h"

#include <algorithm>
#include <cmath>

#include "engine/assertion_guard.h"
#include "engine/failures.h"
#include "engine/log.h"
#include "error.h"
#include "model/checks.h"
#include "model/devices.h"
#include "model/gguf_model.h"
#include "model/lora_adapter.h"

namespace argsearch {
namespace {

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
  const GgufModel files(params.path);
  check_model(files);
  const GgufFile& metadata = files.first();
  std::shared_ptr<Model> model(new Model());
  model->path_ = params.path;
  model->architecture_ = metadata.string("general.architecture");
  model->is_f32_ = mostly_f32(files);
  model->is_causal_ = metadata.boolean(model->architecture_ + ".attention.causal", true);
  model->long_rope_ = LongRope::read(files, model->architecture_, params.context_size);

  std::vector<ggml_backend_dev_t> devices =
      params.devices.empty() ? select_devices(params.backend) : devices_named(params.devices);
  const bool none = devices.size() == 1;
  llama_model_params settings = api.llama_model_default_params();
  settings.devices = devices.empty() ? nullptr : devices.data();
  settings.n_gpu_layers = none ? 0 : params.gpu_layers;
  model->is_on_cpu_ = none || !has_gpu();
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
  const auto load = [&] {
    model->model_ = {api.llama_model_load_from_file(metadata.path().c_str(), settings), FreeModel()};
  };
  load();
  if (model->model_ && model->is_recurrent() && multiplies_by_amx()) {
    settings.use_extra_bufts = false;
    model->model_.reset();
    load();
  }
  if (state.aborted) throw Error(ErrorCode::kAborted, "loading " + params.path + " was aborted.");
  if (!model->model_) fail_load(params.path, model->architecture_, log);
  model->vocabulary_ = std::make_shared<Vocabulary>(api.llama_model_get_vocab(model->handle()), params.path);
  if (model->n_vocab() <= 0) throw Error(ErrorCode::kModelUnsupported, params.path + " has no vocabulary.");
  model->head_ = RewardHead::read(metadata, model->n_embd());
  model->predictor_ = StoredPredictor::read(metadata, model->n_embd());
  return model;
}

std::shared_ptr<const Model> Model::on_weights_of(const std::shared_ptr<const Model>& model, const std::string& path) {
  const GgufModel files(path);
  std::shared_ptr<Model> made = model->sharing_weights();
  made->path_ = path;
  made->head_ = RewardHead::read(files.first(), model->n_embd());
  made->predictor_ = StoredPredictor::read(files.first(), model->n_embd());
  made->chat_template_ = files.first().string("tokenizer.chat_template");
  return made;
}

std::shared_ptr<const Model> Model::with_adapter(const std::shared_ptr<const Model>& model, const std::string& path) {
  std::shared_ptr<Model> made = model->sharing_weights();
  made->path_ = model->path_;
  made->head_ = model->head_;
  made->chat_template_ = model->chat_template_;
  made->adapter_ = load_adapter(made->handle(), model->path_, path);
  made->adapter_path_ = path;
  return made;
}

std::shared_ptr<Model> Model::sharing_weights() const {
  std::shared_ptr<Model> made(new Model());
  made->architecture_ = architecture_;
  made->long_rope_ = long_rope_;
  made->model_ = model_;
  made->vocabulary_ = vocabulary_;
  made->is_f32_ = is_f32_;
  made->is_causal_ = is_causal_;
  made->is_on_cpu_ = is_on_cpu_;
  made->probed_ = probed();
  return made;
}

std::vector<double> Model::rewards_of(const float* hidden) const {
  std::vector<double> rewards(head_->n_labels());
  head_->apply(hidden, rewards.data());
  check_rewards(rewards);
  return rewards;
}

void Model::check_rewards(const std::vector<double>& rewards) const {
  if (std::all_of(rewards.begin(), rewards.end(), [](double reward) { return std::isfinite(reward); })) return;
  throw Error(ErrorCode::kDecodeFailed, path_ + ": a reward is not a finite number. The file is damaged.");
}

size_t Model::n_embd() const { return static_cast<size_t>(engine().llama_model_n_embd(handle())); }
int32_t Model::n_ctx_train() const { return engine().llama_model_n_ctx_train(handle()); }

bool Model::is_recurrent() const {
  return engine().llama_model_is_recurrent(handle()) || engine().llama_model_is_hybrid(handle());
}

std::optional<Probed> Model::probed() const {
  const std::lock_guard lock(probing_);
  return probed_;
}

void Model::set_probed(const Probed& probed) const {
  const std::lock_guard lock(probing_);
  probed_ = probed;
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
  if (chat_template_) return *chat_template_;
  const char* text = engine().llama_model_chat_template(handle(), nullptr);
  return text != nullptr ? text : "";
}

}  // namespace argsearch

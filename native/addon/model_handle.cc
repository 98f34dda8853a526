#include "addon/model_handle.h"

#include "addon/async.h"
#include "addon/cancel_handle.h"
#include "addon/free_memory.h"
#include "context/adapted_model.h"
#include "model/vocabulary_match.h"

namespace argsearch {
namespace {

Napi::Value head_to_js(Napi::Env env, const Model& model) {
  if (!model.head()) return env.Null();
  Napi::Object head = Napi::Object::New(env);
  set(head, "labels", to_js_strings(env, model.head()->labels()));
  set(head, "shift", to_js_numbers(env, model.head()->shift()));
  set(head, "scale", to_js_numbers(env, model.head()->scale()));
  return head;
}

Napi::Object info_to_js(Napi::Env env, const Model& model) {
  const LlamaApi& api = engine();
  Napi::Object info = Napi::Object::New(env);
  set(info, "path", model.path());
  set(info, "architecture", model.architecture());
  set(info, "description", model.description());
  set(info, "parameters", api.llama_model_n_params(model.handle()));
  set(info, "size", api.llama_model_size(model.handle()));
  set(info, "nEmbd", model.n_embd());
  set(info, "nVocab", model.n_vocab());
  set(info, "nLayer", api.llama_model_n_layer(model.handle()));
  set(info, "nCtxTrain", model.n_ctx_train());
  set(info, "recurrent", model.is_recurrent());
  set(info, "encoder", api.llama_model_has_encoder(model.handle()));
  const std::string chat_template = model.chat_template();
  set(info, "chatTemplate",
      chat_template.empty() ? env.Null() : Napi::String::New(env, chat_template).As<Napi::Value>());
  const Vocabulary& vocabulary = model.vocabulary();
  const llama_token bos = api.llama_vocab_bos(vocabulary.handle());
  const llama_token eos = api.llama_vocab_eos(vocabulary.handle());
  set(info, "addBos", api.llama_vocab_get_add_bos(vocabulary.handle()));
  set(info, "bos", bos);
  set(info, "eos", eos);
  set(info, "bosText", vocabulary.text(bos));
  set(info, "eosText", vocabulary.text(eos));
  set(info, "head", head_to_js(env, model));
  if (model.adapter() != nullptr) set(info, "adapter", model.adapter_path());
  return info;
}

/// Passes loading progress on to JavaScript, at most one call a percent.
class ProgressReporter {
 public:
  ProgressReporter(std::shared_ptr<Channel> channel, Channel::Function callback)
      : channel_(std::move(channel)), callback_(std::move(callback)) {}

  void report(float progress) {
    const int percent = static_cast<int>(progress * 100);
    if (!callback_ || percent == last_percent_) return;
    last_percent_ = percent;
    channel_->post(
        [callback = callback_, progress](Napi::Env env) { callback->Call({Napi::Number::New(env, progress)}); });
  }

 private:
  std::shared_ptr<Channel> channel_;
  Channel::Function callback_;
  int last_percent_ = -1;
};

}  // namespace

Napi::Function ModelHandle::define(Napi::Env env) {
  return DefineClass(
      env, "NativeModel",
      {InstanceAccessor<&ModelHandle::info>("info"), InstanceMethod<&ModelHandle::tokenize>("tokenize"),
       InstanceMethod<&ModelHandle::least_tokens>("leastTokens"), InstanceMethod<&ModelHandle::pieces>("pieces"),
       InstanceMethod<&ModelHandle::is_eog>("isEog"), InstanceMethod<&ModelHandle::lacking>("lacking"),
       InstanceMethod<&ModelHandle::dispose>("dispose")});
}

ModelHandle::ModelHandle(const Napi::CallbackInfo& info)
    : Handle(info),
      Closable(Environment::of(info.Env())),
      model_(*info[0].As<Napi::External<std::shared_ptr<const Model>>>().Data()) {}

void ModelHandle::close() {
  detach();
  model_.reset();
}

Napi::Value ModelHandle::load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    Environment& environment = Environment::of(env);
    const Napi::Object options = to_object(info[0], "options");
    ModelParams params;
    params.path = to_string(options.Get("path"), "path");
    params.gpu_layers = static_cast<int>(to_integer(options.Get("gpuLayers"), "gpuLayers", -1, 1 << 16));
    params.backend = to_string(options.Get("backend"), "backend");
    if (const Napi::Value names = options.Get("devices"); !names.IsUndefined()) {
      const Napi::Array list = to_array(names, "devices");
      for (uint32_t i = 0; i < list.Length(); ++i) params.devices.push_back(to_string(list[i], "devices"));
    }
    if (!options.Get("contextSize").IsUndefined()) {
      params.context_size = static_cast<uint32_t>(to_integer(options.Get("contextSize"), "contextSize", 1, 1 << 28));
    }
    const CancelHandle::Flag cancel = CancelHandle::flag_of(options.Get("cancel"));
    Channel::Function callback;
    if (info[1].IsFunction()) callback = Channel::hold(environment.channel(), info[1].As<Napi::Function>());
    ProgressReporter reporter(environment.channel(), callback);
    const std::atomic<bool>& closing = environment.closing();
    return run_async(
        env, environment.loader(), options,
        [params, cancel, reporter, &closing]() mutable {
          return Model::load(params, [&](float progress) {
            reporter.report(progress);
            return !cancel->load() && !closing.load();
          });
        },
        [](Napi::Env js, std::shared_ptr<const Model>& model) -> Napi::Value {
          return make(Environment::of(js).model_class, &model);
        });
  });
}

Napi::Value ModelHandle::share(const Napi::CallbackInfo& info) { return made_of(info, Model::on_weights_of); }

Napi::Value ModelHandle::adapt(const Napi::CallbackInfo& info) { return made_of(info, adapted_model); }

/// Of a model and a path, another model.
Napi::Value ModelHandle::made_of(const Napi::CallbackInfo& info, Make* make_model) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::shared_ptr<const Model> model = model_of(info[0], "model");
    const std::string path = to_string(info[1], "path");
    return run_async(
        info.Env(), Environment::of(info.Env()).loader(), info[0].As<Napi::Object>(),
        [model, path, make_model] { return make_model(model, path); },
        [](Napi::Env js, std::shared_ptr<const Model>& made) -> Napi::Value {
          return make(Environment::of(js).model_class, &made);
        });
  });
}

std::shared_ptr<const Model> ModelHandle::model_of(Napi::Value value, const char* name) {
  ModelHandle* handle = unwrap(value, name);
  handle->model();
  return handle->model_;
}

const Model& ModelHandle::model() const {
  if (!model_) throw Error(ErrorCode::kDisposed, "the model has been disposed.");
  return *model_;
}

Napi::Value ModelHandle::info(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value { return info_to_js(info.Env(), model()); });
}

Napi::Value ModelHandle::tokenize(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string text = to_string(info[0], "text");
    return to_js(info.Env(), model().vocabulary().tokenize(text, info[1].ToBoolean(), info[2].ToBoolean()));
  });
}

Napi::Value ModelHandle::least_tokens(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const size_t least = model().vocabulary().least_tokens(to_string(info[0], "text"));
    return Napi::Number::New(info.Env(), static_cast<double>(least));
  });
}

Napi::Value ModelHandle::pieces(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::vector<int32_t> tokens = to_int32s(info[0], "tokens");
    Napi::Array pieces = Napi::Array::New(info.Env(), tokens.size());
    for (uint32_t i = 0; i < tokens.size(); ++i) {
      const bool known = tokens[i] >= 0 && tokens[i] < model().n_vocab();
      pieces[i] = to_js_bytes(info.Env(), known ? model().vocabulary().piece(tokens[i], info[1].ToBoolean()) : "");
    }
    return pieces;
  });
}

Napi::Value ModelHandle::is_eog(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const int64_t token = to_integer(info[0], "token", 0, model().n_vocab() - 1);
    return Napi::Boolean::New(info.Env(), model().vocabulary().ends_generation(static_cast<llama_token>(token)));
  });
}

Napi::Value ModelHandle::lacking(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::vector<llama_token> missing;
    for (const llama_token token : to_int32s(info[0], "tokens")) {
      if (lacks(model().vocabulary(), token)) missing.push_back(token);
    }
    return to_js(info.Env(), missing);
  });
}

void ModelHandle::dispose(const Napi::CallbackInfo&) {
  close();
  return_freed_memory();
}

}  // namespace argsearch

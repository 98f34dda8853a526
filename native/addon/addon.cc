// The N-API border: converts, checks and owns. It knows nothing of decoding; what lies below knows nothing of
// JavaScript.

#include <napi.h>

#include "addon/async.h"
#include "addon/cancel_handle.h"
#include "addon/embedder_handle.h"
#include "addon/gguf_functions.h"
#include "addon/model_handle.h"
#include "addon/predictor_functions.h"
#include "addon/prefix_reader_handle.h"
#include "addon/scorer_handle.h"
#include "addon/search_handle.h"
#include "bounds.h"
#include "engine/llama_api.h"
#include "engine/log.h"
#include "engine/rpc.h"
#include "model/vocabulary_match.h"

namespace argsearch {
namespace {

Napi::Object engine_to_js(Napi::Env env, const LlamaApi& api) {
  Napi::Object result = Napi::Object::New(env);
  set(result, "dir", api.dir);
  set(result, "version", api.version);
  if (!api.backends.empty()) set(result, "backends", api.backends);
  return result;
}

Napi::Value open_engine_js(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string dir = to_string(info[0], "dir");
    if (info[1].IsUndefined()) return engine_to_js(info.Env(), open_engine(dir));
    const Napi::Object options = to_object(info[1], "options");
    const bool cpu_alone = options.Get("cpuAlone").ToBoolean();
    return engine_to_js(info.Env(), open_engine(dir, to_string(options.Get("backends"), "backends"), cpu_alone));
  });
}

Napi::Value current_engine_js(const Napi::CallbackInfo& info) {
  const LlamaApi* api = current_engine();
  return api != nullptr ? engine_to_js(info.Env(), *api).As<Napi::Value>() : info.Env().Null();
}

const char* device_type_name(enum ggml_backend_dev_type type) {
  switch (type) {
    case GGML_BACKEND_DEVICE_TYPE_CPU:
      return "cpu";
    case GGML_BACKEND_DEVICE_TYPE_GPU:
      return "gpu";
    case GGML_BACKEND_DEVICE_TYPE_IGPU:
      return "igpu";
    default:
      return "accel";
  }
}

Napi::Value devices_js(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const LlamaApi& api = engine();
    Napi::Array devices = Napi::Array::New(env);
    for (size_t i = 0; i < api.ggml_backend_dev_count(); ++i) {
      ggml_backend_dev_t device = api.ggml_backend_dev_get(i);
      size_t free = 0;
      size_t total = 0;
      if (!is_rpc(device)) api.ggml_backend_dev_memory(device, &free, &total);
      Napi::Object object = Napi::Object::New(env);
      set(object, "name", api.ggml_backend_dev_name(device));
      set(object, "description", api.ggml_backend_dev_description(device));
      set(object, "backend", api.ggml_backend_reg_name(api.ggml_backend_dev_backend_reg(device)));
      set(object, "type", device_type_name(api.ggml_backend_dev_type(device)));
      set(object, "memoryFree", free);
      set(object, "memoryTotal", total);
      devices[devices.Length()] = object;
    }
    return devices;
  });
}

Napi::Value add_rpc_server_js(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const std::string library = to_string(info[0], "library");
    const std::string endpoint = to_string(info[1], "endpoint");
    return run_async(
        env, Environment::of(env).loader(), Napi::Object::New(env),
        [library, endpoint] { return add_rpc_server(library, endpoint); },
        [](Napi::Env js, std::vector<std::string>& names) -> Napi::Value { return to_js_strings(js, names); });
  });
}

const char* log_level_name(ggml_log_level level) {
  switch (level) {
    case GGML_LOG_LEVEL_DEBUG:
      return "debug";
    case GGML_LOG_LEVEL_WARN:
      return "warn";
    case GGML_LOG_LEVEL_ERROR:
      return "error";
    default:
      return "info";
  }
}

void set_log_callback_js(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Environment& environment = Environment::of(info.Env());
    if (!info[0].IsFunction()) return set_log_sink(&environment, nullptr);
    const std::shared_ptr<Channel> channel = environment.channel();
    const Channel::Function callback = Channel::hold(channel, info[0].As<Napi::Function>());
    set_log_sink(&environment, [channel, callback](ggml_log_level level, const std::string& text) {
      channel->post([callback, level, text](Napi::Env env) {
        callback->Call({Napi::String::New(env, log_level_name(level)), Napi::String::New(env, text)});
      });
    });
  });
}

Napi::Value create_cancel_js(const Napi::CallbackInfo& info) {
  int unused = 0;
  return CancelHandle::make(Environment::of(info.Env()).cancel_class, &unused);
}

Napi::Value vocabulary_difference_js(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto judge = ModelHandle::model_of(info[0], "judge");
    const auto policy = ModelHandle::model_of(info[1], "policy");
    const std::string difference = vocabulary_difference(judge->vocabulary(), policy->vocabulary());
    return difference.empty() ? info.Env().Null() : Napi::String::New(info.Env(), difference).As<Napi::Value>();
  });
}

void shutdown_js(const Napi::CallbackInfo& info) { Environment::of(info.Env()).shutdown(); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto environment = guarded(env, [&] { return std::make_unique<Environment>(env); });
  environment->cancel_class = Napi::Persistent(CancelHandle::define(env));
  environment->model_class = Napi::Persistent(ModelHandle::define(env));
  environment->search_class = Napi::Persistent(SearchHandle::define(env));
  environment->scorer_class = Napi::Persistent(ScorerHandle::define(env));
  environment->embedder_class = Napi::Persistent(EmbedderHandle::define(env));
  environment->prefix_reader_class = Napi::Persistent(PrefixReaderHandle::define(env));
  env.SetInstanceData(environment.release());  // deleted by N-API when the environment ends

  const auto add = [&](const char* name, auto function) { exports[name] = Napi::Function::New(env, function, name); };
  Napi::Object limits = Napi::Object::New(env);
  set(limits, "slots", kMaxSlots);
  set(limits, "drafts", kMostDrafts);
  set(limits, "lookahead", kMostLookahead);
  set(exports, "limits", limits);
  add("openEngine", open_engine_js);
  add("currentEngine", current_engine_js);
  add("devices", devices_js);
  add("addRpcServer", add_rpc_server_js);
  add("setLogCallback", set_log_callback_js);
  add("createCancel", create_cancel_js);
  add("loadModel", ModelHandle::load);
  add("shareModel", ModelHandle::share);
  add("adaptModel", ModelHandle::adapt);
  add("vocabularyDifference", vocabulary_difference_js);
  add("createSearch", SearchHandle::create);
  add("createScorer", ScorerHandle::create);
  add("createEmbedder", EmbedderHandle::create);
  add("createPrefixReader", PrefixReaderHandle::create);
  add("readGguf", read_gguf_file);
  add("rewriteGguf", rewrite_gguf_file);
  add("quantizeGguf", quantize_gguf_file);
  add("trainPredictor", train_predictor_js);
  add("shutdown", shutdown_js);
  return exports;
}

}  // namespace
}  // namespace argsearch

static Napi::Object initialize(Napi::Env env, Napi::Object exports) { return argsearch::init(env, exports); }

NODE_API_MODULE(argsearch, initialize)

#include "addon/embedder_handle.h"

#include "addon/model_handle.h"
#include "addon/options.h"

namespace argsearch {
namespace {

EmbedderSettings to_embedder_settings(Napi::Object options) {
  EmbedderSettings settings;
  settings.context = to_context_settings(options);
  settings.model = ModelHandle::model_of(options.Get("model"), "model");
  settings.pooling = to_choice<Pooling>(
      options.Get("pooling"), "pooling",
      {{"auto", Pooling::kModel}, {"mean", Pooling::kMean}, {"cls", Pooling::kCls}, {"last", Pooling::kLast}});
  settings.context_size = static_cast<uint32_t>(to_integer(options.Get("contextSize"), "contextSize", 1, 1 << 28));
  settings.sequences = static_cast<uint32_t>(to_integer(options.Get("sequences"), "sequences", 1, 256));
  return settings;
}

Napi::Value vectors_to_js(Napi::Env env, const std::vector<std::vector<float>>& vectors) {
  Napi::Array array = Napi::Array::New(env, vectors.size());
  for (uint32_t i = 0; i < vectors.size(); ++i) array[i] = to_js(env, vectors[i]);
  return array;
}

}  // namespace

Napi::Function EmbedderHandle::define(Napi::Env env) {
  return DefineClass(
      env, "NativeEmbedder",
      {InstanceMethod<&EmbedderHandle::embed>("embed"), InstanceMethod<&EmbedderHandle::counters>("counters"),
       InstanceMethod<&EmbedderHandle::dispose>("dispose")});
}

EmbedderHandle::EmbedderHandle(const Napi::CallbackInfo& info)
    : Handle(info),
      session_(Environment::of(info.Env()), std::move(info[0].As<Napi::External<Parts>>().Data()->embedder),
               info[0].As<Napi::External<Parts>>().Data()->interrupt) {}

Napi::Value EmbedderHandle::create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Napi::Object options = to_object(info[0], "options");
    EmbedderSettings settings = to_embedder_settings(options);
    return run_async(
        env, Environment::of(env).loader(), options,
        [settings]() mutable {
          settings.context.threadpool = Threadpool::create(settings.context.threads);
          return Parts{std::make_unique<Embedder>(settings), settings.context.interrupt};
        },
        [](Napi::Env js, Parts& parts) -> Napi::Value { return make(Environment::of(js).embedder_class, &parts); });
  });
}

Napi::Value EmbedderHandle::embed(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Array items = to_array(info[0], "texts");
    std::vector<std::vector<llama_token>> texts;
    for (uint32_t i = 0; i < items.Length(); ++i) texts.push_back(to_int32s(items.Get(i), "texts[i]"));
    return session_.run(
        info.Env(), info.This().As<Napi::Object>(), CancelHandle::flag_of(info[1]),
        [texts = std::move(texts)](Embedder& embedder) { return embedder.embed(texts); }, vectors_to_js);
  });
}

Napi::Value EmbedderHandle::counters(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const EmbedderCounters counters = session_.counters();
    Napi::Object object = Napi::Object::New(info.Env());
    object["tokens"] = to_js_count(info.Env(), counters.tokens);
    object["decodes"] = to_js_count(info.Env(), counters.decodes);
    return object;
  });
}

Napi::Value EmbedderHandle::dispose(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return session_.dispose(info.Env(), info.This().As<Napi::Object>()); });
}

}  // namespace argsearch

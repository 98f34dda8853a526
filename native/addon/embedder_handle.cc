#include "addon/embedder_handle.h"

#include "addon/model_handle.h"
#include "addon/options.h"
#include "bounds.h"

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
  settings.sequences = static_cast<uint32_t>(to_integer(options.Get("sequences"), "sequences", 1, kMaxSequences));
  return settings;
}

Napi::Value vectors_to_js(Napi::Env env, const std::vector<std::vector<float>>& vectors) {
  Napi::Array array = Napi::Array::New(env, vectors.size());
  for (uint32_t i = 0; i < vectors.size(); ++i) array[i] = to_js(env, vectors[i]);
  return array;
}

}  // namespace

Napi::Function EmbedderHandle::define(Napi::Env env) {
  return DefineClass(env, "NativeEmbedder", methods({InstanceMethod<&EmbedderHandle::embed>("embed")}));
}

Napi::Value EmbedderHandle::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object options = to_object(info[0], "options");
    return create_with(info.Env(), options, to_embedder_settings(options), &Environment::embedder_class);
  });
}

Napi::Value EmbedderHandle::embed(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Array items = to_array(info[0], "texts");
    std::vector<std::vector<llama_token>> texts;
    for (uint32_t i = 0; i < items.Length(); ++i) texts.push_back(to_int32s(items.Get(i), "texts[i]"));
    return run(
        info, CancelHandle::flag_of(info[1]),
        [texts = std::move(texts)](Embedder& embedder) { return embedder.embed(texts); }, vectors_to_js);
  });
}

Napi::Value EmbedderHandle::counters_to_js(Napi::Env env, const EmbedderCounters& counters) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "tokens", counters.tokens);
  set(object, "decodes", counters.decodes);
  return object;
}

}  // namespace argsearch

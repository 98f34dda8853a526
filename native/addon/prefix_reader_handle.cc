#include "addon/prefix_reader_handle.h"

#include "addon/model_handle.h"
#include "addon/options.h"
#include "bounds.h"

namespace argsearch {
namespace {

PrefixReaderSettings to_prefix_reader_settings(Napi::Object options) {
  PrefixReaderSettings settings;
  settings.context = to_context_settings(options);
  settings.model = ModelHandle::model_of(options.Get("model"), "model");
  settings.context_size = static_cast<uint32_t>(to_integer(options.Get("contextSize"), "contextSize", 1, 1 << 28));
  settings.prefixes = static_cast<uint32_t>(to_integer(options.Get("prefixes"), "prefixes", 1, kMaxSlots));
  return settings;
}

Napi::Value log_probs_to_js(Napi::Env env, const std::vector<std::vector<double>>& log_probs) {
  Napi::Array array = Napi::Array::New(env, log_probs.size());
  for (uint32_t i = 0; i < log_probs.size(); ++i) array[i] = to_js(env, log_probs[i]);
  return array;
}

}  // namespace

Napi::Function PrefixReaderHandle::define(Napi::Env env) {
  return DefineClass(env, "NativePrefixReader", methods({InstanceMethod<&PrefixReaderHandle::read>("read")}));
}

Napi::Value PrefixReaderHandle::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object options = to_object(info[0], "options");
    return create_with(info.Env(), options, to_prefix_reader_settings(options), &Environment::prefix_reader_class);
  });
}

Napi::Value PrefixReaderHandle::read(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Array items = to_array(info[0], "texts");
    std::vector<OpenText> texts;
    for (uint32_t i = 0; i < items.Length(); ++i) {
      const Napi::Object item = to_object(items.Get(i), "texts[i]");
      texts.push_back({to_int32s(item.Get("tokens"), "tokens"), to_int32s(item.Get("wanted"), "wanted")});
    }
    return run(
        info, CancelHandle::flag_of(info[1]),
        [texts = std::move(texts)](PrefixReader& reader) { return reader.read(texts); }, log_probs_to_js);
  });
}

Napi::Value PrefixReaderHandle::counters_to_js(Napi::Env env, const PrefixReaderCounters& counters) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "tokens", counters.tokens);
  set(object, "decodes", counters.decodes);
  return object;
}

}  // namespace argsearch

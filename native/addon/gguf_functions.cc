#include "addon/gguf_functions.h"

#include <map>

#include "addon/async.h"
#include "addon/convert.h"
#include "model/gguf_model.h"
#include "model/gguf_rewrite.h"
#include "model/quantize.h"

namespace argsearch {
namespace {

constexpr size_t kMaxNumbers = 1 << 20;
constexpr size_t kMaxStrings = 64;

template <class T>
std::vector<double> widen(const void* data, size_t count) {
  const T* values = static_cast<const T*>(data);
  return std::vector<double>(values, values + count);
}

/// The numbers of a scalar or array of `type`.
std::vector<double> numbers(gguf_type type, const void* data, size_t count) {
  switch (type) {
    case GGUF_TYPE_UINT8:
      return widen<uint8_t>(data, count);
    case GGUF_TYPE_INT8:
      return widen<int8_t>(data, count);
    case GGUF_TYPE_UINT16:
      return widen<uint16_t>(data, count);
    case GGUF_TYPE_INT16:
      return widen<int16_t>(data, count);
    case GGUF_TYPE_UINT32:
      return widen<uint32_t>(data, count);
    case GGUF_TYPE_INT32:
      return widen<int32_t>(data, count);
    case GGUF_TYPE_FLOAT32:
      return widen<float>(data, count);
    case GGUF_TYPE_BOOL:
      return widen<int8_t>(data, count);
    case GGUF_TYPE_UINT64:
      return widen<uint64_t>(data, count);
    case GGUF_TYPE_INT64:
      return widen<int64_t>(data, count);
    case GGUF_TYPE_FLOAT64:
      return widen<double>(data, count);
    default:
      return {};
  }
}

Napi::Value scalar_to_js(Napi::Env env, const GgufFile& file, int64_t key, gguf_type type) {
  const LlamaApi& api = engine();
  if (type == GGUF_TYPE_STRING) return Napi::String::New(env, api.gguf_get_val_str(file.context(), key));
  const double value = numbers(type, api.gguf_get_val_data(file.context(), key), 1).at(0);
  if (type == GGUF_TYPE_BOOL) return Napi::Boolean::New(env, value != 0);
  return Napi::Number::New(env, value);
}

Napi::Value array_to_js(Napi::Env env, const GgufFile& file, int64_t key, gguf_type type, size_t count) {
  const LlamaApi& api = engine();
  if (type == GGUF_TYPE_STRING) {
    if (count > kMaxStrings) return env.Null();
    std::vector<std::string> items;
    for (size_t i = 0; i < count; ++i) items.emplace_back(api.gguf_get_arr_str(file.context(), key, i));
    return to_js_strings(env, items);
  }
  if (count > kMaxNumbers) return env.Null();
  return to_js(env, numbers(type, api.gguf_get_arr_data(file.context(), key), count));
}

Napi::Array entries_to_js(Napi::Env env, const GgufFile& file) {
  const LlamaApi& api = engine();
  const int64_t n_kv = api.gguf_get_n_kv(file.context());
  Napi::Array entries = Napi::Array::New(env, static_cast<size_t>(n_kv));
  for (int64_t key = 0; key < n_kv; ++key) {
    const Napi::HandleScope scope(env);
    const gguf_type type = api.gguf_get_kv_type(file.context(), key);
    Napi::Object entry = Napi::Object::New(env);
    set(entry, "key", api.gguf_get_key(file.context(), key));
    if (type == GGUF_TYPE_ARRAY) {
      const gguf_type item = api.gguf_get_arr_type(file.context(), key);
      const size_t count = api.gguf_get_arr_n(file.context(), key);
      set(entry, "type", std::string("arr[") + api.gguf_type_name(item) + "]");
      set(entry, "count", count);
      set(entry, "value", array_to_js(env, file, key, item, count));
    } else {
      set(entry, "type", api.gguf_type_name(type));
      set(entry, "count", 1);
      set(entry, "value", scalar_to_js(env, file, key, type));
    }
    entries[static_cast<uint32_t>(key)] = entry;
  }
  return entries;
}

struct TensorTotals {
  uint64_t tensors = 0;
  uint64_t parameters = 0;
  uint64_t bytes = 0;
};

Napi::Array types_to_js(Napi::Env env, const std::map<ggml_type, TensorTotals>& totals) {
  Napi::Array types = Napi::Array::New(env);
  for (const auto& [type, total] : totals) {
    Napi::Object object = Napi::Object::New(env);
    set(object, "type", engine().ggml_type_name(type));
    set(object, "tensors", total.tensors);
    set(object, "parameters", total.parameters);
    set(object, "bytes", total.bytes);
    types[types.Length()] = object;
  }
  return types;
}

Napi::Object tensor_to_js(Napi::Env env, const GgufFile& file, int64_t tensor) {
  const LlamaApi& api = engine();
  const gguf_context* context = file.context();
  const int64_t* shape = api.gguf_get_tensor_ne(context, tensor);
  Napi::Object object = Napi::Object::New(env);
  set(object, "name", api.gguf_get_tensor_name(context, tensor));
  set(object, "type", api.ggml_type_name(api.gguf_get_tensor_type(context, tensor)));
  set(object, "shape", to_js_numbers(env, std::vector<int64_t>(shape, shape + GGML_MAX_DIMS)));
  set(object, "file", file.path());
  set(object, "offset", api.gguf_get_data_offset(context) + api.gguf_get_tensor_offset(context, tensor));
  set(object, "bytes", api.gguf_get_tensor_size(context, tensor));
  return object;
}

Napi::Array tensors_to_js(Napi::Env env, const GgufModel& model) {
  Napi::Array tensors = Napi::Array::New(env);
  for (const GgufFile& file : model.files()) {
    for (int64_t i = 0; i < engine().gguf_get_n_tensors(file.context()); ++i) {
      const Napi::HandleScope scope(env);
      tensors[tensors.Length()] = tensor_to_js(env, file, i);
    }
  }
  return tensors;
}

Napi::Value model_to_js(Napi::Env env, const GgufModel& model) {
  const LlamaApi& api = engine();
  std::map<ggml_type, TensorTotals> totals;
  TensorTotals all;
  for (const GgufFile& file : model.files()) {
    for (int64_t i = 0; i < api.gguf_get_n_tensors(file.context()); ++i) {
      const ggml_type type = api.gguf_get_tensor_type(file.context(), i);
      const uint64_t bytes = api.gguf_get_tensor_size(file.context(), i);
      const auto block = static_cast<uint64_t>(api.ggml_blck_size(type));
      const uint64_t parameters = bytes / api.ggml_type_size(type) * block;
      for (TensorTotals* total : {&totals[type], &all}) {
        ++total->tensors;
        total->parameters += parameters;
        total->bytes += bytes;
      }
    }
  }
  std::vector<std::string> paths;
  for (const GgufFile& file : model.files()) paths.push_back(file.path());
  Napi::Object result = Napi::Object::New(env);
  set(result, "version", api.gguf_get_version(model.first().context()));
  set(result, "files", to_js_strings(env, paths));
  set(result, "size", model.size());
  set(result, "entries", entries_to_js(env, model.first()));
  set(result, "tensors", tensors_to_js(env, model));
  set(result, "tensorTypes", types_to_js(env, totals));
  set(result, "tensorCount", all.tensors);
  set(result, "parameters", all.parameters);
  return result;
}

GgufSet to_gguf_set(Napi::Object object) {
  GgufSet entry;
  entry.key = to_string(object.Get("key"), "key");
  if (entry.key.empty()) bad_argument("a metadata key must not be empty");
  const Napi::Value value = object.Get("value");
  if (value.IsString()) {
    entry.value = to_string(value, "value");
  } else if (value.IsTypedArray()) {
    entry.value = to_vector<float>(value, napi_float32_array, "value");
  } else if (value.IsArray()) {
    std::vector<std::string> items;
    const auto array = value.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i) items.push_back(to_string(array.Get(i), "value[i]"));
    entry.value = std::move(items);
  } else {
    entry.value = static_cast<float>(to_number(to_object(value, "value").Get("f32"), "value.f32"));
  }
  return entry;
}

}  // namespace

Napi::Value read_gguf_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const std::string path = to_string(info[0], "path");
    return run_async(
        env, Environment::of(env).loader(), Napi::Object::New(env),
        [path] { return std::make_unique<GgufModel>(path); },
        [](Napi::Env js, const std::unique_ptr<GgufModel>& model) { return model_to_js(js, *model); });
  });
}

Napi::Value rewrite_gguf_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    Environment& environment = Environment::of(env);
    const std::string source = to_string(info[0], "source");
    const std::string target = to_string(info[1], "target");
    std::vector<GgufSet> set;
    const Napi::Array entries = to_array(info[2], "set");
    for (uint32_t i = 0; i < entries.Length(); ++i) set.push_back(to_gguf_set(to_object(entries.Get(i), "set[i]")));
    std::vector<std::string> remove;
    const Napi::Array keys = to_array(info[3], "remove");
    for (uint32_t i = 0; i < keys.Length(); ++i) remove.push_back(to_string(keys.Get(i), "remove[i]"));
    const std::atomic<bool>& closing = environment.closing();
    return run_async(
        env, environment.loader(), entries,
        [=, &closing] {
          rewrite_gguf(source, target, set, remove, [&closing] { return !closing.load(); });
          return true;
        },
        [](Napi::Env js, bool) { return js.Undefined(); });
  });
}

Napi::Value quantize_gguf_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const std::string source = to_string(info[0], "source");
    const std::string target = to_string(info[1], "target");
    const std::string type = to_string(info[2], "type");
    const auto threads = static_cast<int>(to_integer(info[3], "threads", 1, 512));
    return run_async(
        env, Environment::of(env).loader(), Napi::Object::New(env),
        [=] {
          quantize_gguf(source, target, type, threads);
          return true;
        },
        [](Napi::Env js, bool) { return js.Undefined(); });
  });
}

}  // namespace argsearch

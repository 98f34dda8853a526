#include "addon/convert.h"

namespace argsearch {

Napi::Uint8Array to_js_bytes(Napi::Env env, const std::string& bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Array to_js_strings(Napi::Env env, const std::vector<std::string>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array[i] = Napi::String::New(env, values[i]);
  return array;
}

void set(Napi::Object object, const char* name, Napi::Value value) { object.Set(name, value); }

void set(Napi::Object object, const char* name, double value) {
  object.Set(name, Napi::Number::New(object.Env(), value));
}

void set(Napi::Object object, const char* name, bool value) {
  object.Set(name, Napi::Boolean::New(object.Env(), value));
}

void set(Napi::Object object, const char* name, const char* value) {
  object.Set(name, Napi::String::New(object.Env(), value));
}

void set(Napi::Object object, const char* name, const std::string& value) {
  object.Set(name, Napi::String::New(object.Env(), value));
}

}  // namespace argsearch

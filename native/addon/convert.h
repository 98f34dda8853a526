#pragma once

#include <napi.h>

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "error.h"

namespace argsearch {

// JavaScript to C++. TypeScript has validated what users gave; these checks keep a wrong call from becoming a crash.

[[noreturn]] inline void bad_argument(const std::string& what) {
  throw Error(ErrorCode::kOptionInvalid, "the addon was called with a wrong argument: " + what + ".");
}

inline std::string to_string(Napi::Value value, const char* name) {
  if (!value.IsString()) bad_argument(std::string(name) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

inline double to_number(Napi::Value value, const char* name) {
  if (!value.IsNumber()) bad_argument(std::string(name) + " must be a number");
  return value.As<Napi::Number>().DoubleValue();
}

/// An integer in [low, high].
inline int64_t to_integer(Napi::Value value, const char* name, int64_t low, int64_t high) {
  const double number = to_number(value, name);
  const bool inside = number >= static_cast<double>(low) && number <= static_cast<double>(high);
  if (!inside || number != static_cast<double>(static_cast<int64_t>(number))) {
    bad_argument(std::string(name) + " must be an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<int64_t>(number);
}

inline Napi::Object to_object(Napi::Value value, const char* name) {
  if (!value.IsObject()) bad_argument(std::string(name) + " must be an object");
  return value.As<Napi::Object>();
}

inline Napi::Array to_array(Napi::Value value, const char* name) {
  if (!value.IsArray()) bad_argument(std::string(name) + " must be an array");
  return value.As<Napi::Array>();
}

template <class T>
std::vector<T> to_vector(Napi::Value value, napi_typedarray_type type, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    bad_argument(std::string(name) + " must be a typed array of the right kind");
  }
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  return std::vector<T>(array.Data(), array.Data() + array.ElementLength());
}

inline std::vector<int32_t> to_int32s(Napi::Value value, const char* name) {
  return to_vector<int32_t>(value, napi_int32_array, name);
}
inline std::vector<double> to_doubles(Napi::Value value, const char* name) {
  return to_vector<double>(value, napi_float64_array, name);
}
inline std::vector<size_t> to_indices(Napi::Value value, const char* name) {
  std::vector<size_t> indices;
  for (const int32_t index : to_int32s(value, name)) {
    if (index < 0) bad_argument(std::string(name) + " must not be negative");
    indices.push_back(static_cast<size_t>(index));
  }
  return indices;
}

// C++ to JavaScript. Always copies: Electron forbids buffers that JavaScript does not own.

template <class Array, class T>
Array copy_array(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

inline Napi::Float64Array to_js(Napi::Env env, const std::vector<double>& values) {
  return copy_array<Napi::Float64Array>(env, values);
}
inline Napi::Float32Array to_js(Napi::Env env, const std::vector<float>& values) {
  return copy_array<Napi::Float32Array>(env, values);
}
inline Napi::Int32Array to_js(Napi::Env env, const std::vector<int32_t>& values) {
  return copy_array<Napi::Int32Array>(env, values);
}
Napi::Uint8Array to_js_bytes(Napi::Env env, const std::string& bytes);
template <class T>
Napi::Array to_js_numbers(Napi::Env env, const std::vector<T>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array[i] = Napi::Number::New(env, static_cast<double>(values[i]));
  return array;
}
inline Napi::Array to_js_flags(Napi::Env env, const std::vector<bool>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array[i] = Napi::Boolean::New(env, values[i]);
  return array;
}
Napi::Array to_js_strings(Napi::Env env, const std::vector<std::string>& values);

// Properties of objects. Not `object[name] = value`, which node-addon-api puts in line wherever it is written: for all
// of them together that was a tenth of the addon.

void set(Napi::Object object, const char* name, Napi::Value value);
void set(Napi::Object object, const char* name, double value);
void set(Napi::Object object, const char* name, bool value);
void set(Napi::Object object, const char* name, const char* value);
void set(Napi::Object object, const char* name, const std::string& value);
/// Of a count, which is below 2^53.
template <class Integer, std::enable_if_t<std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>, int> = 0>
void set(Napi::Object object, const char* name, Integer value) {
  set(object, name, static_cast<double>(value));
}

}  // namespace argsearch

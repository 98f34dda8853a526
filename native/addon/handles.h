#pragma once

#include <napi.h>

#include <cstdint>

#include "addon/convert.h"
#include "error.h"

namespace argsearch {

/// Base of the addon's classes: only the addon makes them, and only its own objects are unwrapped (an object of another
/// class, or of another copy of the addon, is refused instead of misread).
template <class T>
class Handle : public Napi::ObjectWrap<T> {
 public:
  /// The class in this very copy of the addon: in another copy, objects may be laid out differently.
  static napi_type_tag tag() {
    static const char copy = 0;
    return {T::kTypeTag.lower, T::kTypeTag.upper ^ reinterpret_cast<uintptr_t>(&copy)};
  }

  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<T>(info) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
      throw Napi::TypeError::New(info.Env(), "argsearch's native objects cannot be constructed from JavaScript.");
    }
    const napi_type_tag own = tag();
    info.This().As<Napi::Object>().TypeTag(&own);
  }

  static T* unwrap(Napi::Value value, const char* name) {
    const napi_type_tag own = tag();
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&own)) {
      bad_argument(std::string(name) + " is not an object that this addon made");
    }
    return Napi::ObjectWrap<T>::Unwrap(value.As<Napi::Object>());
  }

  /// A new JavaScript object whose constructor finds `data` in its External.
  template <class Data>
  static Napi::Object make(Napi::FunctionReference& constructor, Data* data) {
    const Napi::Env env = constructor.Env();
    return constructor.New({Napi::External<Data>::New(env, data)});
  }
};

}  // namespace argsearch

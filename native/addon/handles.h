#pragma once

#include <napi.h>

#include "../error.h"
#include "convert.h"

namespace argsearch {

/// Base of the addon's classes: only the addon makes them, and only its own objects are unwrapped (an object of another
/// class, or of another copy of the addon, is refused instead of misread).
template <class T>
class Handle : public Napi::ObjectWrap<T> {
 public:
  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<T>(info) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
      throw Napi::TypeError::New(info.Env(), "argsearch's native objects cannot be constructed from JavaScript.");
    }
    info.This().As<Napi::Object>().TypeTag(&T::kTypeTag);
  }

  static T* unwrap(Napi::Value value, const char* name) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&T::kTypeTag)) {
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

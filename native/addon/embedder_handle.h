#pragma once

#include "addon/handles.h"
#include "addon/session.h"
#include "texts/embedder.h"

namespace argsearch {

/// NativeEmbedder of src/engine/binding.ts.
class EmbedderHandle : public Handle<EmbedderHandle> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x656d6265640001ULL};
  static Napi::Function define(Napi::Env env);
  explicit EmbedderHandle(const Napi::CallbackInfo& info);

  /// createEmbedder() of src/engine/binding.ts.
  static Napi::Value create(const Napi::CallbackInfo& info);

 private:
  struct Parts {
    std::unique_ptr<Embedder> embedder;
    std::shared_ptr<Interrupt> interrupt;
  };
  Napi::Value embed(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  Session<Embedder> session_;
};

}  // namespace argsearch

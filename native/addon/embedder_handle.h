#pragma once

#include "addon/session_handle.h"
#include "texts/embedder.h"

namespace argsearch {

/// NativeEmbedder of src/engine/binding.ts.
class EmbedderHandle : public SessionHandle<EmbedderHandle, Embedder> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x656d6265640001ULL};
  static Napi::Function define(Napi::Env env);
  using SessionHandle::SessionHandle;

  /// createEmbedder() of src/engine/binding.ts.
  static Napi::Value create(const Napi::CallbackInfo& info);
  static Napi::Value counters_to_js(Napi::Env env, const EmbedderCounters& counters);

 private:
  friend SessionHandle;
  Napi::Value embed(const Napi::CallbackInfo& info);
};

}  // namespace argsearch

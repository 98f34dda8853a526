#pragma once

#include "addon/session_handle.h"
#include "texts/scorer.h"

namespace argsearch {

/// NativeScorer of src/engine/binding.ts.
class ScorerHandle : public SessionHandle<ScorerHandle, Scorer> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x73636f7265720001ULL};
  static Napi::Function define(Napi::Env env);
  using SessionHandle::SessionHandle;

  /// createScorer() of src/engine/binding.ts.
  static Napi::Value create(const Napi::CallbackInfo& info);
  static Napi::Value counters_to_js(Napi::Env env, const ScorerCounters& counters);

 private:
  friend SessionHandle;
  Napi::Value score(const Napi::CallbackInfo& info);
};

}  // namespace argsearch

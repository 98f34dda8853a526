#pragma once

#include "addon/handles.h"
#include "addon/session.h"
#include "texts/scorer.h"

namespace argsearch {

/// NativeScorer of src/engine/binding.ts.
class ScorerHandle : public Handle<ScorerHandle> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x73636f7265720001ULL};
  static Napi::Function define(Napi::Env env);
  explicit ScorerHandle(const Napi::CallbackInfo& info);

  /// createScorer() of src/engine/binding.ts.
  static Napi::Value create(const Napi::CallbackInfo& info);

 private:
  struct Parts {
    std::unique_ptr<Scorer> scorer;
    std::shared_ptr<Interrupt> interrupt;
  };
  Napi::Value score(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  Session<Scorer> session_;
};

}  // namespace argsearch

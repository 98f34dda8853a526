#pragma once

#include "addon/handles.h"
#include "addon/session.h"
#include "search/search.h"

namespace argsearch {

/// NativeSearch of src/engine/binding.ts.
class SearchHandle : public Handle<SearchHandle> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x7365617263680001ULL};
  static Napi::Function define(Napi::Env env);
  explicit SearchHandle(const Napi::CallbackInfo& info);

  /// createSearch() of src/engine/binding.ts.
  static Napi::Value create(const Napi::CallbackInfo& info);

 private:
  /// What create() hands to the constructor.
  struct Parts {
    std::unique_ptr<Search> search;
    std::shared_ptr<Interrupt> interrupt;
  };
  Napi::Value begin(const Napi::CallbackInfo& info);
  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value propose(const Napi::CallbackInfo& info);
  Napi::Value commit(const Napi::CallbackInfo& info);
  Napi::Value clear(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  Napi::Value cache_bytes(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  Session<Search> session_;
};

}  // namespace argsearch

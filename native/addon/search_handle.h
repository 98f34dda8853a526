#pragma once

#include "addon/session_handle.h"
#include "search/search.h"

namespace argsearch {

/// NativeSearch of src/engine/binding.ts.
class SearchHandle : public SessionHandle<SearchHandle, Search> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x7365617263680001ULL};
  static Napi::Function define(Napi::Env env);
  using SessionHandle::SessionHandle;

  /// createSearch() of src/engine/binding.ts.
  static Napi::Value create(const Napi::CallbackInfo& info);
  static Napi::Value counters_to_js(Napi::Env env, const SearchCounters& counters);

 private:
  friend SessionHandle;
  /// A call that takes slots, and something for each of them, which `read` reads.
  template <class Given, class Work, class Convert>
  Napi::Value run_with(const Napi::CallbackInfo& info, Given (*read)(Napi::Value), Work work, Convert convert);

  /// A call that takes slots alone.
  Napi::Value advance(const Napi::CallbackInfo& info, StepBatch (Steps::*advance)(const std::vector<size_t>&));

  Napi::Value begin(const Napi::CallbackInfo& info);
  Napi::Value prefill(const Napi::CallbackInfo& info);
  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value propose(const Napi::CallbackInfo& info);
  Napi::Value commit(const Napi::CallbackInfo& info);
  Napi::Value rate_end(const Napi::CallbackInfo& info);
  Napi::Value draft(const Napi::CallbackInfo& info);
  Napi::Value keep(const Napi::CallbackInfo& info);
  Napi::Value clear(const Napi::CallbackInfo& info);
  Napi::Value cache_bytes(const Napi::CallbackInfo& info);
  Napi::Value shares_trunk(const Napi::CallbackInfo& info);
};

}  // namespace argsearch

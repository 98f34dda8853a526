#pragma once

#include "addon/session_handle.h"
#include "texts/prefix_reader.h"

namespace argsearch {

/// NativePrefixReader of src/engine/binding.ts.
class PrefixReaderHandle : public SessionHandle<PrefixReaderHandle, PrefixReader> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x7072656669780001ULL};
  static Napi::Function define(Napi::Env env);
  using SessionHandle::SessionHandle;

  /// createPrefixReader() of src/engine/binding.ts.
  static Napi::Value create(const Napi::CallbackInfo& info);
  static Napi::Value counters_to_js(Napi::Env env, const PrefixReaderCounters& counters);

 private:
  friend SessionHandle;
  Napi::Value read(const Napi::CallbackInfo& info);
};

}  // namespace argsearch

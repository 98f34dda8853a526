#pragma once

#include <napi.h>

namespace argsearch {

/// readGguf() of src/engine/binding.ts.
Napi::Value read_gguf_file(const Napi::CallbackInfo& info);

/// rewriteGguf() of src/engine/binding.ts.
Napi::Value rewrite_gguf_file(const Napi::CallbackInfo& info);

/// quantizeGguf() of src/engine/binding.ts.
Napi::Value quantize_gguf_file(const Napi::CallbackInfo& info);

}  // namespace argsearch

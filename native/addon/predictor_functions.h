#pragma once

#include <napi.h>

namespace argsearch {

/// trainPredictor() of src/engine/binding.ts.
Napi::Value train_predictor_js(const Napi::CallbackInfo& info);

}  // namespace argsearch

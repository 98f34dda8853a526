#pragma once

#include "model/gguf_model.h"

namespace argsearch {

/// What llama.cpp does not look at before it divides, indexes or computes with it. MODEL_INVALID, MODEL_UNSUPPORTED.
void check_model(const GgufModel& files);

/// Most of the weights' bytes are F32.
bool mostly_f32(const GgufModel& files);

}  // namespace argsearch

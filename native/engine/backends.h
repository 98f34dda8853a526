#pragma once

#include <string>

#include "engine/llama_api.h"

namespace argsearch {

/// Loads the backends in the engine's directories; `cpu_alone`, no driver of a GPU is touched.
/// ENGINE_INCOMPATIBLE when one that is needed is cut short.
void load_backends(const LlamaApi& api, bool cpu_alone);

}  // namespace argsearch

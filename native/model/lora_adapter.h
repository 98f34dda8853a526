#pragma once

#include <string>

#include "engine/llama_api.h"

namespace argsearch {

/// Loads a LoRA adapter (Hu et al., 2021) for the weights of the file `model_path`. It belongs to the weights, and is
/// freed with them: llama.cpp looks through all of theirs when it makes a context. What GgufFile() throws;
/// MODEL_INVALID for what is no adapter or damaged, MODEL_UNSUPPORTED for one of another model or of a kind that
/// llama.cpp would apply in part, OUT_OF_MEMORY.
llama_adapter_lora* load_adapter(llama_model* weights, const std::string& model_path, const std::string& path);

}  // namespace argsearch

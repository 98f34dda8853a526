#pragma once

#include <string>

#include "engine/llama_api.h"

namespace argsearch {

/// Refuses a library that this addon could not call: of a version that was not tested, or one whose structures are laid
/// out in another way than in the headers that the addon was compiled with. `path` names the library in messages.
/// ENGINE_INCOMPATIBLE.
void check_abi(const LlamaApi& api, const std::string& path);

}  // namespace argsearch

#pragma once

#include <string>
#include <vector>

#include "engine/llama_api.h"

namespace argsearch {

/// The null-terminated list of a backend's devices that llama.cpp takes; empty, for every GPU there is, when `backend`
/// is "". DEVICE_UNAVAILABLE.
std::vector<ggml_backend_dev_t> select_devices(const std::string& backend);

}  // namespace argsearch

#pragma once

#include <string>
#include <vector>

#include "engine/llama_api.h"

namespace argsearch {

/// The null-terminated list of a backend's devices that llama.cpp takes; empty, for every GPU there is, when `backend`
/// is "". DEVICE_UNAVAILABLE.
std::vector<ggml_backend_dev_t> select_devices(const std::string& backend);

/// The same of devices by their names, of which the processor needs none. DEVICE_UNAVAILABLE for one that is not there.
std::vector<ggml_backend_dev_t> devices_named(const std::vector<std::string>& names);

/// Whether the engine knows a device beside the processor, and beside libraries that compute for it.
bool has_gpu();

/// Whether llama.cpp keeps weights for this processor's AMX. Its kernel reads behind the weights where several
/// sequences go through one graph of a recurrent model (llama.cpp's issues 19184 and 20824).
bool multiplies_by_amx();

}  // namespace argsearch

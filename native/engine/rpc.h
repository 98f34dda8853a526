#pragma once

#include <string>
#include <vector>

#include "engine/llama_api.h"

namespace argsearch {

/// The devices of a server of llama.cpp's RPC backend ("127.0.0.1:50052"), which join those of the engine; `library` is
/// the backend's, opened where the engine has none of its own. The same server again is asked whether it is still
/// there. ENGINE_NOT_FOUND without the library, ENGINE_INCOMPATIBLE for one of another release and for servers of
/// another protocol, DEVICE_UNAVAILABLE where there is none. Waits for a server that does not answer.
std::vector<std::string> add_rpc_server(const std::string& library, const std::string& endpoint);

/// Computed by a server elsewhere: to ask it for anything takes a connection, which may wait.
bool is_rpc(ggml_backend_dev_t device);

}  // namespace argsearch

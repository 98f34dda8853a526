#include "engine/rpc.h"

#include <cstring>
#include <mutex>

#include "engine/assertion_guard.h"
#include "engine/log.h"
#include "error.h"

namespace argsearch {
namespace {

constexpr const char* kBackend = "RPC";

using AddServer = ggml_backend_reg_t (*)(const char*);

AddServer open_backend(const std::string& library) {
  const LlamaApi& api = engine();
  if (api.ggml_backend_reg_by_name(kBackend) == nullptr) {
    if (library.empty()) throw Error(ErrorCode::kEngineNotFound, "the engine has no RPC backend.");
    const LogCapture log;
    if (api.ggml_backend_load(library.c_str()) == nullptr) {
      throw Error(ErrorCode::kEngineIncompatible, "the RPC backend " + library +
                                                      " cannot be loaded: " + log.last_line("no reason was given") +
                                                      ". It must be of the engine's own release.");
    }
  }
  ggml_backend_reg_t backend = api.ggml_backend_reg_by_name(kBackend);
  void* function =
      backend == nullptr ? nullptr : api.ggml_backend_reg_get_proc_address(backend, "ggml_backend_rpc_add_server");
  if (function == nullptr) {
    throw Error(ErrorCode::kEngineIncompatible, "the RPC backend has no function to add a server: it is too old.");
  }
  return reinterpret_cast<AddServer>(function);
}

}  // namespace

std::vector<std::string> add_rpc_server(const std::string& library, const std::string& endpoint) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  const LlamaApi& api = engine();
  const AddServer add = open_backend(library);
  const LogCapture log;
  try {
    const AssertionGuard guard;
    ggml_backend_reg_t server = add(endpoint.c_str());
    const size_t count = server == nullptr ? 0 : api.ggml_backend_reg_dev_count(server);
    if (count == 0) throw Error(ErrorCode::kDeviceUnavailable, "the RPC server " + endpoint + " offers no device.");
    api.ggml_backend_register(server);
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      ggml_backend_dev_t device = api.ggml_backend_reg_dev_get(server, i);
      size_t free = 0;
      size_t total = 0;
      api.ggml_backend_dev_memory(device, &free, &total);
      names.emplace_back(api.ggml_backend_dev_name(device));
    }
    return names;
  } catch (const EngineAssertion& failure) {
    const std::string reason = log.last_line(failure.what());
    const bool other = std::strstr(failure.what(), "handshake") != nullptr;
    throw Error(other ? ErrorCode::kEngineIncompatible : ErrorCode::kDeviceUnavailable,
                "the RPC server " + endpoint + " cannot be used: " + reason +
                    (other ? ". Its rpc-server must be of the same llama.cpp release." : "."));
  }
}

bool is_rpc(ggml_backend_dev_t device) {
  const LlamaApi& api = engine();
  return std::strcmp(api.ggml_backend_reg_name(api.ggml_backend_dev_backend_reg(device)), kBackend) == 0;
}

}  // namespace argsearch

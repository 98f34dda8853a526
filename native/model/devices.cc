#include "model/devices.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "error.h"

namespace argsearch {
namespace {

bool equal_ignoring_case(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// Beside the processor, and beside libraries that compute for it.
bool is_gpu(ggml_backend_dev_t device) {
  const enum ggml_backend_dev_type type = engine().ggml_backend_dev_type(device);
  return type != GGML_BACKEND_DEVICE_TYPE_CPU && type != GGML_BACKEND_DEVICE_TYPE_ACCEL;
}

}  // namespace

std::vector<ggml_backend_dev_t> select_devices(const std::string& backend) {
  const LlamaApi& api = engine();
  if (backend.empty()) return {};
  std::vector<ggml_backend_dev_t> devices;
  if (backend != "CPU") {
    for (size_t i = 0; i < api.ggml_backend_dev_count(); ++i) {
      ggml_backend_dev_t device = api.ggml_backend_dev_get(i);
      const char* name = api.ggml_backend_reg_name(api.ggml_backend_dev_backend_reg(device));
      // Metal's registry is called "MTL" in some versions.
      const bool metal = equal_ignoring_case(backend, "Metal") && equal_ignoring_case(name, "MTL");
      if (equal_ignoring_case(name, backend) || metal) devices.push_back(device);
    }
    if (devices.empty()) {
      throw Error(ErrorCode::kDeviceUnavailable,
                  "no " + backend + " device: the engine in " + api.dir +
                      " offers none on this machine. \"argsearch devices\" lists what there is.");
    }
  }
  devices.push_back(nullptr);
  return devices;
}

std::vector<ggml_backend_dev_t> devices_named(const std::vector<std::string>& names) {
  const LlamaApi& api = engine();
  std::vector<ggml_backend_dev_t> devices;
  for (const std::string& name : names) {
    ggml_backend_dev_t found = nullptr;
    for (size_t i = 0; i < api.ggml_backend_dev_count(); ++i) {
      ggml_backend_dev_t device = api.ggml_backend_dev_get(i);
      if (name == api.ggml_backend_dev_name(device)) found = device;
    }
    if (found == nullptr) throw Error(ErrorCode::kDeviceUnavailable, "the engine has no device \"" + name + "\".");
    if (is_gpu(found)) devices.push_back(found);
  }
  devices.push_back(nullptr);
  return devices;
}

bool has_gpu() {
  const LlamaApi& api = engine();
  for (size_t i = 0; i < api.ggml_backend_dev_count(); ++i) {
    if (is_gpu(api.ggml_backend_dev_get(i))) return true;
  }
  return false;
}

bool multiplies_by_amx() {
  const LlamaApi& api = engine();
  ggml_backend_reg_t cpu = api.ggml_backend_reg_by_name("CPU");
  if (cpu == nullptr) return false;
  const auto extra = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(
      api.ggml_backend_reg_get_proc_address(cpu, "ggml_backend_dev_get_extra_bufts"));
  for (size_t i = 0; extra != nullptr && i < api.ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = api.ggml_backend_dev_get(i);
    if (api.ggml_backend_dev_backend_reg(device) != cpu) continue;
    for (ggml_backend_buffer_type_t* type = extra(device); type != nullptr && *type != nullptr; ++type) {
      if (std::strcmp(api.ggml_backend_buft_name(*type), "AMX") == 0) return true;
    }
  }
  return false;
}

}  // namespace argsearch

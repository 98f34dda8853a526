#include "model/devices.h"

#include <algorithm>
#include <cctype>

#include "error.h"

namespace argsearch {
namespace {

bool equal_ignoring_case(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
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

}  // namespace argsearch

// A backend library that ggml takes for a GPU's. It computes on the CPU, or fails as drivers do.
//
//   -DGPU="CUDA"        ggml's name of the backend
//   -DMODE="FAKE_CUDA"  environment variable that says what it does: "works" (the default), "aborts", "aborts at once",
//                       "scribbles", "hangs", "hangs at once", "absent"
//
// FAKE_GPU_NAME is its device's description. FAKE_GPU_TRACE names a file that gets a line, with the process's number,
// whenever a device is taken into use.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ggml-backend.h"
#include "ggml.h"

// ggml's own way of logging, which no public header has.
extern "C" void ggml_log_internal(ggml_log_level level, const char* format, ...);

namespace {

constexpr int kApiVersion = 2;

// The backends' interface is in no public header either: tables of function pointers, where null is "not offered".
using Any = void (*)();

struct Backend {
  const char* guid;
  Any table[16];
  void* device;
  ggml_backend_t cpu;
};

struct Device {
  Any table[15];
  void* registry;
  void* context;
};

struct Registry {
  int api_version;
  Any table[4];
  void* context;
};

extern Device device;
extern Registry registry;

std::string mode() {
  const char* value = std::getenv(MODE);
  return value != nullptr ? value : "works";
}

/// As ggml's CUDA backend ends a process that its driver cannot serve.
[[noreturn]] void fail_as_cuda() {
  ggml_log_internal(GGML_LOG_LEVEL_ERROR, GPU " error: the provided PTX was compiled with an unsupported toolchain.\n");
  ggml_log_internal(GGML_LOG_LEVEL_ERROR, "  current device: 0, in function ggml_cuda_compute_forward\n");
  ggml_abort("/build/ggml/src/ggml-cuda/ggml-cuda.cu", 108, GPU " error");
  std::abort();
}

void trace() {
  const char* path = std::getenv("FAKE_GPU_TRACE");
  std::FILE* file = path != nullptr ? std::fopen(path, "a") : nullptr;
  if (file == nullptr) return;
  std::fprintf(file, "%s %d\n", MODE, getpid());
  std::fclose(file);
}

const char* get_name(void*) { return GPU "0"; }
const char* get_description(void*) {
  const char* name = std::getenv("FAKE_GPU_NAME");
  return name != nullptr ? name : "stand-in for a GPU";
}
const char* get_registry_name(void*) { return GPU; }
enum ggml_backend_dev_type get_type(void*) { return GGML_BACKEND_DEVICE_TYPE_GPU; }

void get_memory(void*, size_t* free, size_t* total) { *free = *total = size_t{8} << 30; }

void get_properties(void*, ggml_backend_dev_props* properties) {
  *properties = {};
  properties->name = get_name(nullptr);
  properties->description = get_description(nullptr);
  properties->type = get_type(nullptr);
  get_memory(nullptr, &properties->memory_free, &properties->memory_total);
}

ggml_backend_buffer_type_t get_buffer_type(void*) { return ggml_backend_cpu_buffer_type(); }
bool supports_op(void*, const void*) { return true; }
bool supports_buffer_type(void*, ggml_backend_buffer_type_t type) { return ggml_backend_buft_is_host(type); }

ggml_status compute(Backend* backend, ggml_cgraph* graph) {
  if (mode() == "aborts") fail_as_cuda();
  while (mode() == "hangs") sleep(1);
  const ggml_status status = ggml_backend_graph_compute(backend->cpu, graph);
  if (mode() == "scribbles") {
    ggml_tensor* last = ggml_graph_node(graph, ggml_graph_n_nodes(graph) - 1);
    std::memset(ggml_get_data(last), 0, ggml_nbytes(last));
  }
  return status;
}

void free_backend(Backend* backend) {
  ggml_backend_free(backend->cpu);
  delete backend;
}

Backend* init_backend(void*, const char*) {
  trace();
  static const char guid[16] = {'f', 'a', 'k', 'e', GPU[0]};
  auto* backend = new Backend{};
  backend->guid = guid;
  backend->table[0] = reinterpret_cast<Any>(get_name);
  backend->table[1] = reinterpret_cast<Any>(free_backend);
  backend->table[12] = reinterpret_cast<Any>(compute);
  backend->device = &device;
  ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  backend->cpu = ggml_backend_dev_init(cpu, nullptr);
  const auto set_threads = reinterpret_cast<ggml_backend_set_n_threads_t>(
      ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), "ggml_backend_set_n_threads"));
  set_threads(backend->cpu, 1);  // more would wait for each other where cores are shared
  return backend;
}

size_t count_devices(void*) { return mode() == "absent" ? 0 : 1; }
void* get_device(void*, size_t) { return &device; }
void* get_procedure(void*, const char*) { return nullptr; }

Device device = {
    {reinterpret_cast<Any>(get_name), reinterpret_cast<Any>(get_description), reinterpret_cast<Any>(get_memory),
     reinterpret_cast<Any>(get_type), reinterpret_cast<Any>(get_properties), reinterpret_cast<Any>(init_backend),
     reinterpret_cast<Any>(get_buffer_type), nullptr, nullptr, reinterpret_cast<Any>(supports_op),
     reinterpret_cast<Any>(supports_buffer_type)},
    &registry,
    nullptr};

Registry registry = {kApiVersion,
                     {reinterpret_cast<Any>(get_registry_name), reinterpret_cast<Any>(count_devices),
                      reinterpret_cast<Any>(get_device), reinterpret_cast<Any>(get_procedure)},
                     nullptr};

}  // namespace

extern "C" Registry* ggml_backend_init() {
  if (mode() == "aborts at once") fail_as_cuda();
  if (mode() == "hangs at once") trace();
  while (mode() == "hangs at once") sleep(1);
  return &registry;
}

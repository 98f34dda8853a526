// Another addon on the same engine, as node-llama-cpp is one: it listens to the log and to failed assertions.
#include <dlfcn.h>
#include <node_api.h>
#include <stdlib.h>

static int heard;

static void on_log(int level, const char* text, void* data) {
  (void)level, (void)text, (void)data;
  ++heard;
}

static void on_assertion(const char* message) {
  (void)message;
  ++heard;
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  (void)env;
  void* llama = dlopen(getenv("FOREIGN_LLAMA"), RTLD_NOW | RTLD_LOCAL);
  void (*set_log)(void (*)(int, const char*, void*), void*) = dlsym(llama, "llama_log_set");
  void (*set_assertion)(void (*)(const char*)) = dlsym(llama, "ggml_set_abort_callback");
  set_log(on_log, NULL);
  set_assertion(on_assertion);
  return exports;
}

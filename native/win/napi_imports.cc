// The addon imports nothing from node.exe: under BUILDING_NODE_EXTENSION node_api.h declares every function dllimport,
// so calls go through pointers named __imp_napi_*. They are defined here and filled from the host executable, whatever
// its name is (node.exe, electron.exe, a renamed one).
#include <windows.h>

extern "C" {
#define X(name) void* __imp_##name = nullptr;
#include "napi_symbols.inc"
#undef X
}

namespace {

struct Import {
  const char* name;
  void** slot;
};

const Import kImports[] = {
#define X(name) {#name, &__imp_##name},
#include "napi_symbols.inc"
#undef X
};

struct Resolver {
  Resolver() {
    const HMODULE hosts[] = {GetModuleHandleW(L"node.dll"), GetModuleHandleW(L"libnode.dll"),
                             GetModuleHandleW(nullptr)};
    for (const Import& entry : kImports) {
      for (HMODULE host : hosts) {
        if (host == nullptr) continue;
        *entry.slot = reinterpret_cast<void*>(GetProcAddress(host, entry.name));
        if (*entry.slot != nullptr) break;
      }
    }
  }
} resolver;

}  // namespace

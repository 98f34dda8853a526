#include "engine/library.h"

#include "error.h"

#ifdef _WIN32
#include <windows.h>

#include <filesystem>
#else
#include <dlfcn.h>
#endif

namespace argsearch {

#ifdef _WIN32

Library Library::open(const std::string& path) {
  const std::wstring wide = std::filesystem::u8path(path).wstring();
  HMODULE handle =
      LoadLibraryExW(wide.c_str(), nullptr, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
  if (handle == nullptr) {
    throw Error(ErrorCode::kEngineIncompatible,
                path + " cannot be loaded (error " + std::to_string(GetLastError()) +
                    "). Install the Microsoft Visual C++ 2015+ redistributable, or another engine package.");
  }
  return Library(reinterpret_cast<void*>(handle));
}

std::optional<Library> Library::holding(void* function) {
  HMODULE handle = nullptr;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (!GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(function), &handle)) return std::nullopt;
  return Library(reinterpret_cast<void*>(handle));
}

void* Library::symbol(const char* name) const {
  return reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(handle_), name));
}

void pin_addon() {
  HMODULE self = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&pin_addon), &self);
}

#else

Library Library::open(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    throw Error(ErrorCode::kEngineIncompatible, path + " cannot be loaded: " + (reason ? reason : "unknown reason"));
  }
  return Library(handle);
}

std::optional<Library> Library::holding(void* function) {
  Dl_info info;
  if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return std::nullopt;
  void* handle = dlopen(info.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  return handle != nullptr ? std::optional<Library>(Library(handle)) : std::nullopt;
}

void* Library::symbol(const char* name) const { return dlsym(handle_, name); }

void pin_addon() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&pin_addon), &self) != 0) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

#endif

}  // namespace argsearch

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
    throw Error(ErrorCode::kEngineIncompatible, path + " cannot be loaded: error " + std::to_string(GetLastError()));
  }
  return Library(reinterpret_cast<void*>(handle));
}

std::optional<Library> Library::holding(void* function) {
  HMODULE handle = nullptr;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
  if (!GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(function), &handle)) return std::nullopt;
  return Library(reinterpret_cast<void*>(handle));
}

Library::~Library() {
  if (handle_ != nullptr) FreeLibrary(reinterpret_cast<HMODULE>(handle_));
}

void* Library::symbol(const char* name) const {
  return reinterpret_cast<void*>(GetProcAddress(reinterpret_cast<HMODULE>(handle_), name));
}

std::string library_of(void*) { return ""; }

bool pin_library_of(void (*function)()) {
  HMODULE holder = nullptr;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                            reinterpret_cast<LPCWSTR>(function), &holder) != 0;
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

Library::~Library() {
  if (handle_ != nullptr) dlclose(handle_);
}

void* Library::symbol(const char* name) const { return dlsym(handle_, name); }

std::string library_of(void* address) {
  Dl_info holder;
  return dladdr(address, &holder) != 0 ? holder.dli_fname : "";
}

bool pin_library_of(void (*function)()) {
  Dl_info holder;
  if (dladdr(reinterpret_cast<void*>(function), &holder) == 0) return false;
  // Null for the program itself, which stays anyway.
  dlopen(holder.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  return true;
}

#endif

}  // namespace argsearch

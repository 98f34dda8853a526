#include "engine/llama_api.h"

#include <filesystem>
#include <memory>
#include <mutex>

#include "engine/abi.h"
#include "engine/assertion_guard.h"
#include "engine/backends.h"
#include "engine/elf.h"
#include "engine/engine_files.h"
#include "engine/library.h"
#include "engine/log.h"
#include "error.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

/// The directory without links and dots. ENGINE_NOT_FOUND.
fs::path existing_directory(const std::string& dir) {
  std::error_code ec;
  const fs::path canonical = fs::canonical(fs::u8path(dir), ec);
  if (ec) throw Error(ErrorCode::kEngineNotFound, "the engine directory " + dir + " does not exist.");
  if (!fs::is_directory(canonical, ec)) {
    throw Error(ErrorCode::kEngineNotFound,
                dir + " is no directory: engineDir is the folder of llama.cpp's libraries.");
  }
  return canonical;
}

/// A loader takes a library that is mapped already for any other of its name. Where that is one of another release,
/// say of a node-llama-cpp that came first, llama.cpp would run on foreign structures. ENGINE_INCOMPATIBLE.
void check_companion(const Library& llama, const char* symbol, const std::string& expected) {
  const std::string found = library_of(llama.symbol(symbol));
  std::error_code ec;
  if (found.empty() || fs::equivalent(fs::u8path(found), fs::u8path(expected), ec)) return;
  if (fs::file_size(fs::u8path(found), ec) == fs::file_size(fs::u8path(expected), ec)) return;
  throw Error(ErrorCode::kEngineIncompatible, "this process has already loaded another llama.cpp, " + found +
                                                  "; start another process to use " + expected +
                                                  ", or set engineDir to the directory of the other.");
}

std::unique_ptr<LlamaApi> open_libraries(const fs::path& dir) {
  // Windows resolves a symbol in the very library only, so each is opened and searched.
  const EngineFiles files = find_engine_files(dir);
  // All of them first: the loader opens what one depends on.
  for (const std::string* file : {&files.llama, &files.ggml, &files.ggml_base}) require_whole(*file);
  Library libraries[] = {Library::open(files.llama), Library::open(files.ggml), Library::open(files.ggml_base)};
  check_companion(libraries[0], "ggml_backend_load_all_from_path", files.ggml);
  check_companion(libraries[0], "gguf_init_from_file", files.ggml_base);

  auto api = std::make_unique<LlamaApi>();
  const auto resolve = [&](const char* name) {
    for (const Library& library : libraries) {
      if (void* symbol = library.symbol(name)) return symbol;
    }
    throw Error(ErrorCode::kEngineIncompatible,
                files.llama + " lacks the symbol " + name + ": its llama.cpp is too old or too new for argsearch.");
  };
#define X(name) api->name = reinterpret_cast<decltype(api->name)>(resolve(#name));
  ARGSEARCH_LLAMA_FUNCTIONS(X)
  ARGSEARCH_GGML_FUNCTIONS(X)
#undef X
  api->dir = dir.u8string();
  api->version = api->llama_version();
  check_abi(*api, files.llama);
  for (Library& library : libraries) library.keep();
  return api;
}

/// A callback of somebody else's, who may be unloaded before the engine calls it: kept mapped, or null.
template <class Callback>
Callback pinned(Callback callback) {
  if (callback == nullptr || !pin_library_of(reinterpret_cast<void (*)()>(callback))) return nullptr;
  return callback;
}

/// Takes the engine's log and failed assertions. Whoever listened before (node-llama-cpp, or another copy of this
/// addon, on the same libraries) goes on hearing them.
void listen(const LlamaApi& api) {
  ggml_log_callback previous = nullptr;
  ggml_log_callback standard = nullptr;
  void* previous_data = nullptr;
  void* standard_data = nullptr;
  api.llama_log_get(&previous, &previous_data);
  api.llama_log_set(nullptr, nullptr);
  api.llama_log_get(&standard, &standard_data);
  set_previous_log_callback(previous != standard ? pinned(previous) : nullptr, previous_data);
  api.llama_log_set(log_from_engine, nullptr);
  set_previous_assertion_callback(pinned(api.ggml_set_abort_callback(assertion_from_engine)));
}

std::mutex engine_mutex;
std::unique_ptr<LlamaApi> opened;

}  // namespace

const LlamaApi& open_engine(const std::string& dir, const std::string& backends, bool cpu_alone) {
  const std::string wanted = existing_directory(dir).u8string();
  const std::string further = backends.empty() ? "" : existing_directory(backends).u8string();
  const std::lock_guard<std::mutex> lock(engine_mutex);
  if (opened) {
    if (opened->dir == wanted && opened->backends == further) return *opened;
    throw Error(ErrorCode::kEngineIncompatible, "this process already uses the engine in " + opened->dir +
                                                    "; start another process to use " + dir + ".");
  }
  std::unique_ptr<LlamaApi> api = open_libraries(fs::u8path(wanted));
  api->backends = further;
  pin_library_of(reinterpret_cast<void (*)()>(&log_from_engine));
  listen(*api);
  load_backends(*api, cpu_alone);
  if (api->ggml_backend_dev_count() == 0) {
    throw Error(ErrorCode::kEngineIncompatible, "no ggml backend in " + dir + " can run on this machine.");
  }
  api->llama_backend_init();
  opened = std::move(api);
  return *opened;
}

const LlamaApi* current_engine() {
  const std::lock_guard<std::mutex> lock(engine_mutex);
  return opened.get();
}

const LlamaApi& engine() {
  const LlamaApi* current = current_engine();
  if (current == nullptr) throw Error(ErrorCode::kEngineNotFound, "no engine is open: call openEngine() first.");
  return *current;
}

}  // namespace argsearch

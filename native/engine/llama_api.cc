#include "engine/llama_api.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <regex>
#include <vector>

#include "engine/assertion_guard.h"
#include "engine/library.h"
#include "engine/log.h"
#include "error.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

// The header version the structures were compiled from is 0.4; llama.cpp keeps them within a major version.
constexpr int kMajorVersion = 0;

/// The library `stem` ("llama", "ggml", "ggml-base") in `dir`, whatever decoration its build gave the name:
/// libllama.so, libllama.v0.4.0.so, libllama.metal.v0.4.0.dylib, llama.v0.4.0.dll.
std::string find_library(const fs::path& dir, const std::string& stem) {
  const std::regex pattern("(lib)?" + stem + R"((\.[a-z]+)?(\.v[0-9.]+)?\.(so|dylib|dll))");
  std::string best;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(dir, ec)) {
    const std::string name = entry.path().filename().u8string();
    if (std::regex_match(name, pattern) && name > best) best = name;
  }
  if (best.empty()) {
    throw Error(ErrorCode::kEngineNotFound, "no llama.cpp library \"" + stem + "\" in " + dir.u8string() +
                                                ". Point engineDir to the folder that holds libllama, libggml and "
                                                "libggml-base, or install the engine package of this platform.");
  }
  return (dir / fs::u8path(best)).u8string();
}

void check_version(const LlamaApi& api, const std::string& path) {
  std::smatch match;
  static const std::regex pattern(R"(v?(\d+)\.(\d+).*)");
  const bool readable = std::regex_match(api.version, match, pattern);
  if (!readable || std::stoi(match[1]) != kMajorVersion) {
    throw Error(ErrorCode::kEngineIncompatible, path + " is llama.cpp " + api.version + "; argsearch needs version " +
                                                    std::to_string(kMajorVersion) + ".x.");
  }
  // A layout that moved within the major version would show here, in fields from the front to the end of the structure.
  const llama_context_params params = api.llama_context_default_params();
  if (params.type_k != GGML_TYPE_F16 || params.type_v != GGML_TYPE_F16 || !params.offload_kqv ||
      params.n_samplers != 0) {
    throw Error(ErrorCode::kEngineIncompatible,
                path + " (llama.cpp " + api.version + ") lays out llama_context_params differently from this addon.");
  }
}

std::unique_ptr<LlamaApi> open_libraries(const fs::path& dir) {
  // Windows resolves a symbol in the very library only, so each is opened and searched.
  const std::vector<std::string> paths = {find_library(dir, "llama"), find_library(dir, "ggml"),
                                          find_library(dir, "ggml-base")};
  std::vector<Library> libraries;
  for (const std::string& path : paths) libraries.push_back(Library::open(path));

  auto api = std::make_unique<LlamaApi>();
  const auto resolve = [&](const char* name) {
    for (const Library& library : libraries) {
      if (void* symbol = library.symbol(name)) return symbol;
    }
    throw Error(ErrorCode::kEngineIncompatible,
                paths[0] + " lacks the symbol " + name + ": its llama.cpp is too old or too new for argsearch.");
  };
#define X(name) api->name = reinterpret_cast<decltype(api->name)>(resolve(#name));
  ARGSEARCH_LLAMA_FUNCTIONS(X)
  ARGSEARCH_GGML_FUNCTIONS(X)
#undef X
  api->dir = dir.u8string();
  api->version = api->llama_version();
  check_version(*api, paths[0]);
  return api;
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
  set_previous_log_callback(previous != standard ? previous : nullptr, previous_data);
  api.llama_log_set(log_from_engine, nullptr);
  set_previous_assertion_callback(api.ggml_set_abort_callback(assertion_from_engine));
}

std::mutex engine_mutex;
std::unique_ptr<LlamaApi> current_engine;

}  // namespace

const LlamaApi& open_engine(const std::string& dir) {
  std::error_code ec;
  const fs::path canonical = fs::canonical(fs::u8path(dir), ec);
  if (ec || !fs::is_directory(canonical, ec)) {
    throw Error(ErrorCode::kEngineNotFound, "the engine directory " + dir + " does not exist.");
  }
  const std::lock_guard<std::mutex> lock(engine_mutex);
  if (current_engine) {
    if (current_engine->dir == canonical.u8string()) return *current_engine;
    throw Error(ErrorCode::kEngineIncompatible, "this process already uses the engine in " + current_engine->dir +
                                                    "; start another process to use " + dir + ".");
  }
  std::unique_ptr<LlamaApi> api = open_libraries(canonical);
  pin_addon();
  listen(*api);
  api->ggml_backend_load_all_from_path(api->dir.c_str());
  if (api->ggml_backend_dev_count() == 0) {
    throw Error(ErrorCode::kEngineIncompatible, "no ggml backend in " + dir + " can run on this machine.");
  }
  api->llama_backend_init();
  current_engine = std::move(api);
  return *current_engine;
}

const LlamaApi& engine() {
  const std::lock_guard<std::mutex> lock(engine_mutex);
  if (!current_engine) throw Error(ErrorCode::kEngineNotFound, "no engine is open: call openEngine() first.");
  return *current_engine;
}

}  // namespace argsearch

#include "engine/backends.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/elf.h"
#include "engine/file_name.h"
#include "engine/library.h"
#include "engine/log.h"
#include "error.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

/// How well a library suits this processor, by its own word; 0 when it cannot run here, 1 when it does not say.
int score_of(const std::string& path) {
  try {
    const Library library = Library::open(path);
    const auto score = reinterpret_cast<int (*)()>(library.symbol("ggml_backend_score"));
    return score != nullptr ? score() : 1;
  } catch (const Error&) {
    return 0;
  }
}

/// The backend libraries of a directory, as ggml names them.
struct BackendFiles {
  std::vector<std::string> cpu;  // variants for several processors
  std::vector<std::string> others;
  /// One of `cpu` that is cut short, and is not in it; else "".
  std::string damaged;
};

/// "cpu" of "libggml-cpu-haswell.so"; "" for what is no backend.
std::string backend_in(const std::string& name) {
  std::optional<std::string_view> rest = library_stem(name, {".so", ".dll"});
  if (!rest || !cut_prefix(*rest, "ggml-") || rest->substr(0, 4) == "base") return "";
  const std::string_view backend = cut_while(*rest, [](char c) { return is_lower(c) || is_digit(c); });
  if (rest->empty()) return std::string(backend);
  const bool is_variant = (*rest)[0] == '-' || (*rest)[0] == '.';
  rest->remove_prefix(1);
  const bool is_name =
      !cut_while(*rest, [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '.'; }).empty();
  return is_variant && is_name && rest->empty() ? std::string(backend) : "";
}

BackendFiles find_backends(const std::string& dir) {
  BackendFiles found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(fs::u8path(dir), ec)) {
    const std::string name = entry.path().filename().u8string();
    const std::string backend = backend_in(name);
    if (backend.empty()) continue;
    const std::string path = entry.path().u8string();
    if (backend != "cpu") {
      found.others.push_back(path);
    } else if (is_cut_short(path)) {
      found.damaged = path;
    } else {
      found.cpu.push_back(path);
    }
  }
  std::sort(found.others.begin(), found.others.end());
  return found;
}

/// As ggml chooses among the libraries of all backends. One that is cut short cannot say whether it would have been
/// chosen: the others do.
void load_best_cpu(const LlamaApi& api, const BackendFiles& files) {
  std::string best;
  int best_score = 0;
  for (const std::string& path : files.cpu) {
    const int score = score_of(path);
    if (score > best_score) {
      best_score = score;
      best = path;
    }
  }
  if (best.empty() && !files.damaged.empty()) require_whole(files.damaged);
  if (!files.damaged.empty()) {
    const std::string warning = files.damaged + " is cut short and not used: install it again.\n";
    log_from_engine(GGML_LOG_LEVEL_WARN, warning.c_str(), nullptr);
  }
  if (!best.empty()) api.ggml_backend_load(best.c_str());
}

void load_all(const LlamaApi& api, const std::string& dir) {
  const BackendFiles files = find_backends(dir);
  for (const std::string& path : files.others) require_whole(path);
  if (files.damaged.empty()) return api.ggml_backend_load_all_from_path(dir.c_str());
  // ggml would open each variant to ask how well it suits.
  for (const std::string& path : files.others) api.ggml_backend_load(path.c_str());
  load_best_cpu(api, files);
}

}  // namespace

void load_backends(const LlamaApi& api, bool cpu_alone) {
  if (cpu_alone) return load_best_cpu(api, find_backends(api.dir));
  load_all(api, api.dir);
  if (!api.backends.empty()) load_all(api, api.backends);
}

}  // namespace argsearch

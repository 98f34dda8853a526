#include "engine/backends.h"

#include <filesystem>
#include <regex>

#include "engine/library.h"
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

/// As ggml chooses among the libraries of all backends.
void load_best_cpu(const LlamaApi& api) {
  static const std::regex pattern(R"((lib)?ggml-cpu(-[a-z0-9_.]+)?\.(so|dll))");
  std::string best;
  int best_score = 0;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(fs::u8path(api.dir), ec)) {
    if (!std::regex_match(entry.path().filename().u8string(), pattern)) continue;
    const std::string path = entry.path().u8string();
    const int score = score_of(path);
    if (score > best_score) {
      best_score = score;
      best = path;
    }
  }
  if (!best.empty()) api.ggml_backend_load(best.c_str());
}

}  // namespace

void load_backends(const LlamaApi& api, bool cpu_alone) {
  if (cpu_alone) return load_best_cpu(api);
  api.ggml_backend_load_all_from_path(api.dir.c_str());
  if (!api.backends.empty()) api.ggml_backend_load_all_from_path(api.backends.c_str());
}

}  // namespace argsearch

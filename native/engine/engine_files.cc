#include "engine/engine_files.h"

#include <algorithm>
#include <map>
#include <vector>

#include "engine/file_name.h"
#include "error.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

/// What stands between a library's stem and its extension: "", ".v0.4.0", ".metal.v0.4.0".
using Decoration = std::string;
/// The libraries of one stem: file names by decoration.
using Builds = std::map<Decoration, std::string>;

bool is_decoration(std::string_view text) {
  std::string_view word = text;
  if (cut_prefix(word, ".") && !cut_while(word, is_lower).empty() && (word.empty() || word[0] == '.')) text = word;
  if (text.empty()) return true;
  if (!cut_prefix(text, ".v")) return false;
  return !cut_while(text, [](char c) { return is_digit(c) || c == '.'; }).empty() && text.empty();
}

Builds builds_of(const fs::path& dir, const std::string& stem) {
  Builds found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(dir, ec)) {
    const std::string name = entry.path().filename().u8string();
    std::optional<std::string_view> rest = library_stem(name, {".so", ".dylib", ".dll"});
    if (rest && cut_prefix(*rest, stem) && is_decoration(*rest)) found[Decoration(*rest)] = name;
  }
  if (found.empty()) {
    throw Error(ErrorCode::kEngineNotFound, "no llama.cpp library \"" + stem + "\" in " + dir.u8string() +
                                                ". Point engineDir to the folder that holds libllama, libggml and "
                                                "libggml-base, or install the engine package of this platform.");
  }
  return found;
}

/// The numbers of a decoration, so that v0.10 comes after v0.9.
std::vector<unsigned long> version_of(const Decoration& decoration) {
  std::vector<unsigned long> numbers;
  std::string_view rest = decoration;
  while (!rest.empty()) {
    cut_while(rest, [](char c) { return !is_digit(c); });
    // Nine digits at most, which every number holds.
    const std::string digits(cut_while(rest, is_digit).substr(0, 9));
    if (!digits.empty()) numbers.push_back(std::stoul(digits));
  }
  return numbers;
}

/// The build's own, or the one that all builds share; null when there is neither.
const std::string* matching(const Builds& builds, const Decoration& decoration) {
  const auto own = builds.find(decoration);
  const auto found = own != builds.end() ? own : builds.find("");
  return found != builds.end() ? &found->second : nullptr;
}

}  // namespace

EngineFiles find_engine_files(const fs::path& dir) {
  const Builds llama = builds_of(dir, "llama");
  const Builds ggml = builds_of(dir, "ggml");
  const Builds base = builds_of(dir, "ggml-base");
  std::vector<Decoration> newest_first;
  for (const auto& [decoration, name] : llama) newest_first.push_back(decoration);
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [](const Decoration& a, const Decoration& b) { return version_of(a) > version_of(b); });
  for (const Decoration& decoration : newest_first) {
    const auto companion = ggml.find(decoration);
    const std::string* base_name = matching(base, decoration);
    if (companion == ggml.end() || base_name == nullptr) continue;
    const auto path = [&](const std::string& name) { return (dir / fs::u8path(name)).u8string(); };
    return {path(llama.at(decoration)), path(companion->second), path(*base_name)};
  }
  throw Error(ErrorCode::kEngineIncompatible,
              "the libraries in " + dir.u8string() + " are of different builds: " + llama.at(newest_first[0]) +
                  " has no ggml and ggml-base of its own beside it, only " + ggml.rbegin()->second + " and " +
                  base.rbegin()->second + ". Copy all libraries of one llama.cpp release there.");
}

}  // namespace argsearch

#include "model/gguf_model.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>

#include "error.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

/// How llama.cpp's part `index` (from 0) of `count` must end.
std::string part_suffix(int64_t index, int64_t count) {
  char text[64];
  std::snprintf(text, sizeof text, "-%05d-of-%05d.gguf", static_cast<int>(index + 1), static_cast<int>(count));
  return text;
}

std::string part_name(int64_t index, int64_t count) {
  return "part " + std::to_string(index + 1) + " of " + std::to_string(count);
}

bool ends_with(const std::string& text, const std::string& suffix) {
  return text.size() > suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

/// What the names of all parts begin with.
std::string common_name(const GgufFile& part, int64_t count) {
  constexpr int64_t kMostParts = 0xffff;  // llama.cpp counts in 16 bits
  const int64_t index = part.integer("split.no");
  if (index < 0 || index >= count || count > kMostParts) {
    throw Error(ErrorCode::kModelInvalid,
                part.path() + " is damaged: it says that it is " + part_name(index, count) + " of a split model.");
  }
  const std::string suffix = part_suffix(index, count);
  if (!ends_with(part.path(), suffix)) {
    throw Error(ErrorCode::kModelInvalid,
                part.path() + " is " + part_name(index, count) + " of a split model, so its name must end in " +
                    suffix +
                    ", and those of the other parts likewise. Rename them, or make one file of them: "
                    "llama-gguf-split --merge.");
  }
  return part.path().substr(0, part.path().size() - suffix.size());
}

}  // namespace

GgufModel::GgufModel(const std::string& path) : path_(path) {
  GgufFile given(path);
  const int64_t count = given.integer("split.count");
  if (count < 2) {
    files_.push_back(std::move(given));
    return;
  }
  const std::string name = common_name(given, count);
  for (int64_t index = 0; index < count; ++index) {
    add_part(name + part_suffix(index, count), static_cast<size_t>(count));
  }
  check_tensors();
}

void GgufModel::add_part(const std::string& path, size_t count) {
  const auto index = static_cast<int64_t>(files_.size());
  const std::string which = part_name(index, static_cast<int64_t>(count));
  std::error_code ec;
  if (fs::status(fs::u8path(path), ec).type() == fs::file_type::not_found) {
    throw Error(ErrorCode::kFileNotFound, "no such file: " + path + ", which is " + which + " of the model " + path_ +
                                              ". All parts must lie in one folder, under the names they were given.");
  }
  GgufFile part(path);
  if (part.integer("split.no") != index || part.integer("split.count") != static_cast<int64_t>(count)) {
    throw Error(ErrorCode::kModelInvalid, path + " is not what its name says, " + which + " of a split model.");
  }
  files_.push_back(std::move(part));
}

void GgufModel::check_tensors() const {
  const LlamaApi& api = engine();
  std::set<std::string> names;
  int64_t found = 0;
  for (const GgufFile& file : files_) {
    for (int64_t i = 0; i < api.gguf_get_n_tensors(file.context()); ++i, ++found) {
      const std::string name = api.gguf_get_tensor_name(file.context(), i);
      if (names.insert(name).second) continue;
      throw Error(ErrorCode::kModelInvalid, file.path() + " has the tensor " + name +
                                                ", which another part has already. They do not belong together.");
    }
  }
  const int64_t wanted = first().integer("split.tensors.count");
  if (found == wanted) return;
  throw Error(ErrorCode::kModelInvalid, path_ + ": the parts of this model have " + std::to_string(found) +
                                            " tensors together, not the " + std::to_string(wanted) +
                                            " that the first one tells. They do not belong together.");
}

bool GgufModel::has_tensor(const std::string& name) const {
  return std::any_of(files_.begin(), files_.end(), [&](const GgufFile& file) { return file.has_tensor(name); });
}

uint64_t GgufModel::size() const {
  uint64_t bytes = 0;
  for (const GgufFile& file : files_) bytes += file.size();
  return bytes;
}

}  // namespace argsearch

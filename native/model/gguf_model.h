#pragma once

#include <string>
#include <vector>

#include "model/gguf_file.h"

namespace argsearch {

/// A model's files: one GGUF, or the parts of a split one ("name-00001-of-00003.gguf" and so on), as llama.cpp's
/// llama-gguf-split makes them. The first has the metadata; each has some of the tensors.
class GgufModel {
 public:
  /// `path`: the file, or any of the parts. What GgufFile() throws; FILE_NOT_FOUND for a part that is missing,
  /// MODEL_INVALID for parts that do not belong together.
  explicit GgufModel(const std::string& path);

  /// The path that was given.
  const std::string& path() const { return path_; }
  /// In their order.
  const std::vector<GgufFile>& files() const { return files_; }
  /// The one with the metadata, which llama.cpp is to load.
  const GgufFile& first() const { return files_.front(); }
  bool is_split() const { return files_.size() > 1; }

  bool has_tensor(const std::string& name) const;
  /// Bytes of all files.
  uint64_t size() const;

 private:
  void add_part(const std::string& path, size_t count);
  void check_tensors() const;

  std::string path_;
  std::vector<GgufFile> files_;
};

}  // namespace argsearch

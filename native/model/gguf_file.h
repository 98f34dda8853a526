#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/llama_api.h"

namespace argsearch {

/// A GGUF file's metadata and tensor table, never its tensors.
class GgufFile {
 public:
  /// Reads the header of `path`. FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, NOT_GGUF, MODEL_INVALID.
  explicit GgufFile(const std::string& path);

  const std::string& path() const { return path_; }
  gguf_context* context() const { return context_.get(); }
  /// Bytes of the file.
  uint64_t size() const { return size_; }

  /// Index of a key, -1 when absent.
  int64_t find(const std::string& key) const;
  bool has_tensor(const std::string& name) const;
  /// A string value; empty when absent or of another type.
  std::string string(const std::string& key) const;
  /// An integer value of any width; -1 when absent or not a non-negative integer.
  int64_t integer(const std::string& key) const;
  /// A 32-bit integer, or an array of them; empty when absent or of another type.
  std::vector<int64_t> integers(const std::string& key) const;
  /// A truth value; `otherwise` when absent or of another type.
  bool boolean(const std::string& key, bool otherwise) const;
  /// A float scalar, or an array of them; empty when absent. MODEL_INVALID when the key holds something else.
  std::vector<float> floats(const std::string& key) const;
  /// A string array; empty when absent. MODEL_INVALID when the key holds something else.
  std::vector<std::string> strings(const std::string& key) const;

 private:
  void check_shapes() const;
  void check_size();

  struct FreeContext {
    void operator()(gguf_context* context) const;
  };
  std::string path_;
  uint64_t size_ = 0;
  std::unique_ptr<gguf_context, FreeContext> context_;
};

}  // namespace argsearch

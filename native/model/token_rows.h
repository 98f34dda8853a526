#pragma once

#include <cstdint>
#include <memory>

#include "input_file.h"
#include "model/gguf_model.h"

namespace argsearch {

/// Rows of a model's token embedding (the tensor `token_embd.weight`), read from its file one by one as 32-bit floats.
/// llama.cpp shares them with nobody: on a GPU, or repacked for the CPU, they are no longer as the file has them.
class TokenRows {
 public:
  /// MODEL_UNSUPPORTED for a model without the tensor, or in a format that cannot be read row by row; FILE_UNREADABLE.
  explicit TokenRows(const GgufModel& files);

  /// Numbers of a row.
  size_t length() const { return length_; }
  /// Rows.
  size_t count() const { return count_; }

  /// A token's row into `out` (length() values). OPTION_INVALID for a token without a row, FILE_UNREADABLE.
  void read(llama_token token, float* out);

 private:
  const GgufFile& file_with_rows(const GgufModel& files) const;

  std::string path_;
  ggml_type type_ = GGML_TYPE_F32;
  size_t length_ = 0;
  size_t count_ = 0;
  uint64_t offset_ = 0;
  std::vector<char> bytes_;
  std::unique_ptr<InputFile> file_;
};

}  // namespace argsearch

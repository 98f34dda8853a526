#include "model/token_rows.h"

#include <cstring>

#include "error.h"

namespace argsearch {
namespace {

constexpr const char* kTensor = "token_embd.weight";

[[noreturn]] void unsupported(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kModelUnsupported, path + ": its token embedding (" + kTensor + ") " + why + ".");
}

}  // namespace

const GgufFile& TokenRows::file_with_rows(const GgufModel& files) const {
  for (const GgufFile& file : files.files()) {
    if (file.has_tensor(kTensor)) return file;
  }
  unsupported(files.path(), "is missing");
}

TokenRows::TokenRows(const GgufModel& files) {
  const LlamaApi& api = engine();
  const GgufFile& file = file_with_rows(files);
  path_ = file.path();
  const int64_t id = api.gguf_find_tensor(file.context(), kTensor);
  const int64_t* shape = api.gguf_get_tensor_ne(file.context(), id);
  type_ = api.gguf_get_tensor_type(file.context(), id);
  if (shape[0] <= 0 || shape[1] <= 0) unsupported(path_, "has no rows");
  length_ = static_cast<size_t>(shape[0]);
  count_ = static_cast<size_t>(shape[1]);
  const auto block = static_cast<size_t>(api.ggml_blck_size(type_));
  const bool readable = type_ == GGML_TYPE_F32 || api.ggml_get_type_traits(type_)->to_float != nullptr;
  if (!readable || length_ % block != 0) {
    unsupported(path_, std::string("is ") + api.ggml_type_name(type_) + ", which cannot be read row by row");
  }
  bytes_.resize(length_ / block * api.ggml_type_size(type_));
  offset_ = api.gguf_get_data_offset(file.context()) + api.gguf_get_tensor_offset(file.context(), id);
  file_ = std::make_unique<InputFile>(path_);
  if (!file_->is_open()) throw Error(ErrorCode::kFileUnreadable, "cannot read " + path_ + ".");
}

void TokenRows::read(llama_token token, float* out) {
  if (token < 0 || static_cast<size_t>(token) >= count_) {
    throw Error(ErrorCode::kOptionInvalid, path_ + " has no embedding of token " + std::to_string(token) + ".");
  }
  const uint64_t at = offset_ + static_cast<uint64_t>(token) * bytes_.size();
  if (!file_->seek(at) || !file_->read_all(bytes_.data(), bytes_.size())) {
    throw Error(ErrorCode::kFileUnreadable, "cannot read " + path_ + ": it was changed while it was in use.");
  }
  if (type_ == GGML_TYPE_F32) {
    std::memcpy(out, bytes_.data(), bytes_.size());
  } else {
    engine().ggml_get_type_traits(type_)->to_float(bytes_.data(), out, static_cast<int64_t>(length_));
  }
}

}  // namespace argsearch

#include "model/gguf_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "engine/assertion_guard.h"
#include "engine/failures.h"
#include "engine/log.h"
#include "error.h"
#include "input_file.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

/// Tells the plain mistakes (no such file, a folder, some other format) apart before llama.cpp sees the file.
void check_is_gguf(const std::string& path) {
  const fs::path file = fs::u8path(path);
  std::error_code ec;
  const fs::file_status status = fs::status(file, ec);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorCode::kFileNotFound, "no such file: " + path + "; check the path.");
  }
  if (ec) throw Error(ErrorCode::kFileUnreadable, "cannot read " + path + ": " + ec.message());
  if (!fs::is_regular_file(status)) {
    throw Error(ErrorCode::kNotAFile, path + " is not a file; give the path of a .gguf file.");
  }
  errno = 0;
  InputFile input(path);
  if (!input.is_open()) {
    const int reason = errno;
    throw Error(ErrorCode::kFileUnreadable, "cannot read " + path + ": " + std::strerror(reason));
  }
  char magic[4] = {};
  if (!input.read_all(magic, sizeof magic) || std::memcmp(magic, GGUF_MAGIC, sizeof magic) != 0) {
    throw Error(ErrorCode::kNotGguf,
                path +
                    " is not a GGUF file (it does not begin with \"GGUF\"). Fetch it again, or convert "
                    "it: \"argsearch convert --help\", \"argsearch reward import --help\".");
  }
}

[[noreturn]] void bad_type(const std::string& path, const std::string& key, const char* wanted) {
  throw Error(ErrorCode::kModelInvalid, path + ": the metadata key " + key + " must be " + wanted + ".");
}

}  // namespace

void GgufFile::FreeContext::operator()(gguf_context* context) const { engine().gguf_free(context); }

GgufFile::GgufFile(const std::string& path) : path_(path) {
  check_is_gguf(path);
  const LogCapture log;
  try {
    const AssertionGuard guard;
    context_.reset(engine().gguf_init_from_file(path.c_str(), gguf_init_params{/*no_alloc=*/true, /*ctx=*/nullptr}));
  } catch (const EngineAssertion& error) {
    throw Error(ErrorCode::kModelInvalid, path + " is damaged: " + error.what() + ". Fetch it again.");
  }
  if (!context_ && failure_in(log.text()) == EngineFailure::kOutOfMemory) {
    throw Error(ErrorCode::kOutOfMemory, "there is no memory for the GGUF header of " + path + ".");
  }
  if (!context_) {
    throw Error(ErrorCode::kModelInvalid, path + " is damaged or cut short: " +
                                              log.last_line("its GGUF header cannot be read") + ". Fetch it again.");
  }
  check_shapes();
  check_size();
}

/// ggml multiplies dimensions without looking at overflow, so a damaged one can pass for a small tensor.
void GgufFile::check_shapes() const {
  const LlamaApi& api = engine();
  constexpr int64_t kMostElements = int64_t{1} << 48;
  for (int64_t i = 0; i < api.gguf_get_n_tensors(context()); ++i) {
    const int64_t* dimensions = api.gguf_get_tensor_ne(context(), i);
    int64_t elements = 1;
    for (int d = 0; d < GGML_MAX_DIMS; ++d) {
      if (dimensions[d] > kMostElements / elements) {
        throw Error(ErrorCode::kModelInvalid, path_ + " is damaged: the tensor " +
                                                  api.gguf_get_tensor_name(context(), i) +
                                                  " is impossibly large. Fetch it again.");
      }
      elements = std::max<int64_t>(1, elements * dimensions[d]);
    }
  }
}

void GgufFile::check_size() {
  const LlamaApi& api = engine();
  uint64_t needed = api.gguf_get_data_offset(context());
  for (int64_t i = 0; i < api.gguf_get_n_tensors(context()); ++i) {
    const uint64_t end = api.gguf_get_data_offset(context()) + api.gguf_get_tensor_offset(context(), i) +
                         api.gguf_get_tensor_size(context(), i);
    needed = std::max(needed, end);
  }
  std::error_code ec;
  size_ = fs::file_size(fs::u8path(path_), ec);
  if (ec) throw Error(ErrorCode::kFileUnreadable, "cannot read " + path_ + ": " + ec.message());
  if (api.gguf_get_n_tensors(context()) > 0 && size_ < needed) {
    throw Error(ErrorCode::kModelInvalid, path_ + " is cut short: its tensors need " + std::to_string(needed) +
                                              " bytes, it has " + std::to_string(size_) + ". Fetch it again.");
  }
}

int64_t GgufFile::find(const std::string& key) const { return engine().gguf_find_key(context(), key.c_str()); }

bool GgufFile::has_tensor(const std::string& name) const {
  return engine().gguf_find_tensor(context(), name.c_str()) >= 0;
}

std::string GgufFile::string(const std::string& key) const {
  const int64_t id = find(key);
  if (id < 0 || engine().gguf_get_kv_type(context(), id) != GGUF_TYPE_STRING) return "";
  return engine().gguf_get_val_str(context(), id);
}

bool GgufFile::boolean(const std::string& key, bool otherwise) const {
  const LlamaApi& api = engine();
  const int64_t id = find(key);
  if (id < 0 || api.gguf_get_kv_type(context(), id) != GGUF_TYPE_BOOL) return otherwise;
  return *static_cast<const int8_t*>(api.gguf_get_val_data(context(), id)) != 0;
}

int64_t GgufFile::integer(const std::string& key) const {
  const LlamaApi& api = engine();
  const int64_t id = find(key);
  if (id < 0) return -1;
  switch (api.gguf_get_kv_type(context(), id)) {
    case GGUF_TYPE_UINT8:
      return api.gguf_get_val_u8(context(), id);
    case GGUF_TYPE_UINT16:
      return api.gguf_get_val_u16(context(), id);
    case GGUF_TYPE_UINT32:
      return api.gguf_get_val_u32(context(), id);
    case GGUF_TYPE_INT32:
      return api.gguf_get_val_i32(context(), id);
    case GGUF_TYPE_UINT64:
      return static_cast<int64_t>(api.gguf_get_val_u64(context(), id));
    case GGUF_TYPE_INT64:
      return api.gguf_get_val_i64(context(), id);
    default:
      return -1;
  }
}

std::vector<int64_t> GgufFile::integers(const std::string& key) const {
  const LlamaApi& api = engine();
  const int64_t id = find(key);
  if (id < 0) return {};
  const bool array = api.gguf_get_kv_type(context(), id) == GGUF_TYPE_ARRAY;
  const gguf_type type = array ? api.gguf_get_arr_type(context(), id) : api.gguf_get_kv_type(context(), id);
  const void* data = nullptr;
  if (type == GGUF_TYPE_INT32 || type == GGUF_TYPE_UINT32) {
    data = array ? api.gguf_get_arr_data(context(), id) : api.gguf_get_val_data(context(), id);
  }
  if (data == nullptr) return {};
  const size_t count = array ? api.gguf_get_arr_n(context(), id) : 1;
  if (type == GGUF_TYPE_UINT32) return {static_cast<const uint32_t*>(data), static_cast<const uint32_t*>(data) + count};
  return {static_cast<const int32_t*>(data), static_cast<const int32_t*>(data) + count};
}

std::vector<float> GgufFile::floats(const std::string& key) const {
  const LlamaApi& api = engine();
  const int64_t id = find(key);
  if (id < 0) return {};
  if (api.gguf_get_kv_type(context(), id) == GGUF_TYPE_FLOAT32) return {api.gguf_get_val_f32(context(), id)};
  if (api.gguf_get_kv_type(context(), id) != GGUF_TYPE_ARRAY ||
      api.gguf_get_arr_type(context(), id) != GGUF_TYPE_FLOAT32) {
    bad_type(path_, key, "an f32 array");
  }
  const auto* data = static_cast<const float*>(api.gguf_get_arr_data(context(), id));
  return std::vector<float>(data, data + api.gguf_get_arr_n(context(), id));
}

std::vector<std::string> GgufFile::strings(const std::string& key) const {
  const LlamaApi& api = engine();
  const int64_t id = find(key);
  if (id < 0) return {};
  if (api.gguf_get_kv_type(context(), id) != GGUF_TYPE_ARRAY ||
      api.gguf_get_arr_type(context(), id) != GGUF_TYPE_STRING) {
    bad_type(path_, key, "a string array");
  }
  std::vector<std::string> items;
  for (size_t i = 0; i < api.gguf_get_arr_n(context(), id); ++i) {
    items.emplace_back(api.gguf_get_arr_str(context(), id, i));
  }
  return items;
}

}  // namespace argsearch

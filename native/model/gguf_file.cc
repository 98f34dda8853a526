#include "model/gguf_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "engine/assertion_guard.h"
#include "engine/log.h"
#include "error.h"
#include "model/partial_file.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCopyBlock = size_t{4} << 20;

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
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const int reason = errno;
    throw Error(ErrorCode::kFileUnreadable, "cannot read " + path + ": " + std::strerror(reason));
  }
  char magic[4] = {};
  stream.read(magic, sizeof magic);
  if (stream.gcount() != sizeof magic || std::memcmp(magic, GGUF_MAGIC, sizeof magic) != 0) {
    throw Error(ErrorCode::kNotGguf,
                path +
                    " is not a GGUF file (it does not begin with \"GGUF\"). Fetch it again, or convert "
                    "it: \"argsearch convert --help\", \"argsearch reward import --help\".");
  }
}

[[noreturn]] void bad_type(const std::string& path, const std::string& key, const char* wanted) {
  throw Error(ErrorCode::kModelInvalid, path + ": the metadata key " + key + " must be " + wanted + ".");
}

void apply(const LlamaApi& api, gguf_context* context, const GgufSet& entry) {
  const char* key = entry.key.c_str();
  // gguf_set_* aborts when the new value has another type than the old one.
  api.gguf_remove_key(context, key);
  if (const auto* text = std::get_if<std::string>(&entry.value)) {
    api.gguf_set_val_str(context, key, text->c_str());
  } else if (const auto* number = std::get_if<float>(&entry.value)) {
    api.gguf_set_val_f32(context, key, *number);
  } else if (const auto* array = std::get_if<std::vector<float>>(&entry.value)) {
    api.gguf_set_arr_data(context, key, GGUF_TYPE_FLOAT32, array->data(), array->size());
  } else if (const auto* list = std::get_if<std::vector<std::string>>(&entry.value)) {
    std::vector<const char*> pointers;
    for (const std::string& item : *list) pointers.push_back(item.c_str());
    api.gguf_set_arr_str(context, key, pointers.data(), pointers.size());
  }
}

void copy_tensor_data(std::ifstream& in, const std::string& source, PartialFile& out,
                      const std::function<bool()>& keep_going) {
  std::vector<char> block(kCopyBlock);
  while (in) {
    if (!keep_going()) throw Error(ErrorCode::kAborted, "copying " + source + " was ended early.");
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (in.gcount() > 0) out.write(block.data(), static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) throw Error(ErrorCode::kFileUnreadable, "cannot read " + source);
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

void GgufFile::check_size() const {
  const LlamaApi& api = engine();
  uint64_t needed = api.gguf_get_data_offset(context());
  for (int64_t i = 0; i < api.gguf_get_n_tensors(context()); ++i) {
    const uint64_t end = api.gguf_get_data_offset(context()) + api.gguf_get_tensor_offset(context(), i) +
                         api.gguf_get_tensor_size(context(), i);
    needed = std::max(needed, end);
  }
  const uint64_t size = fs::file_size(fs::u8path(path_));
  if (api.gguf_get_n_tensors(context()) > 0 && size < needed) {
    throw Error(ErrorCode::kModelInvalid, path_ + " is cut short: its tensors need " + std::to_string(needed) +
                                              " bytes, it has " + std::to_string(size) + ". Fetch it again.");
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

void rewrite_gguf(const std::string& source, const std::string& target, const std::vector<GgufSet>& set,
                  const std::vector<std::string>& remove, const std::function<bool()>& keep_going) {
  const LlamaApi& api = engine();
  GgufFile file(source);
  gguf_context* meta = file.context();

  // The tensor table stays as it is, so the data section moves as one block behind the new header.
  const size_t data_offset = api.gguf_get_data_offset(meta);
  for (const std::string& key : remove) api.gguf_remove_key(meta, key.c_str());
  for (const GgufSet& entry : set) apply(api, meta, entry);
  std::vector<char> header(api.gguf_get_meta_size(meta));
  api.gguf_get_meta_data(meta, header.data());

  std::ifstream in(fs::u8path(source), std::ios::binary);
  in.seekg(static_cast<std::streamoff>(data_offset));
  if (!in) throw Error(ErrorCode::kFileUnreadable, "cannot read " + source);
  PartialFile out(target);
  out.write(header.data(), header.size());
  copy_tensor_data(in, source, out, keep_going);
  in.close();  // Windows replaces no file that is open, and the target may be the source
  out.finish();
}

}  // namespace argsearch

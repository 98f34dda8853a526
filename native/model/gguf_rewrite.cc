#include "model/gguf_rewrite.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <system_error>

#include "error.h"
#include "input_file.h"
#include "model/gguf_model.h"
#include "model/partial_file.h"

namespace argsearch {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCopyBlock = size_t{4} << 20;
/// What llama-gguf-split adds to the metadata.
constexpr const char* kSplitKeys[] = {"split.no", "split.count", "split.tensors.count"};

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

/// Adds the tensor table of a later part to that of the first.
void add_tensors(const LlamaApi& api, gguf_context* target, const std::string& part) {
  struct FreeTensors {
    const LlamaApi& api;
    void operator()(ggml_context* context) const { api.ggml_free(context); }
  };
  struct FreeFile {
    const LlamaApi& api;
    void operator()(gguf_context* context) const { api.gguf_free(context); }
  };
  ggml_context* table = nullptr;
  const std::unique_ptr<gguf_context, FreeFile> file(
      api.gguf_init_from_file(part.c_str(), gguf_init_params{/*no_alloc=*/true, &table}), FreeFile{api});
  const std::unique_ptr<ggml_context, FreeTensors> tensors(table, FreeTensors{api});
  if (!file) throw Error(ErrorCode::kModelInvalid, part + " is damaged or cut short. Fetch it again.");
  for (int64_t i = 0; i < api.gguf_get_n_tensors(file.get()); ++i) {
    api.gguf_add_tensor(target, api.ggml_get_tensor(tensors.get(), api.gguf_get_tensor_name(file.get(), i)));
  }
}

/// Bytes of a file, followed by zeros.
struct Span {
  std::string path;
  uint64_t offset = 0;
  /// To the file's end at most.
  uint64_t size = std::numeric_limits<uint64_t>::max();
  size_t zeros = 0;
};

/// Where the tensor data is: the data section of one file as it is, the tensors of several one behind the other.
std::vector<Span> tensor_data(const LlamaApi& api, const GgufModel& model) {
  const size_t alignment = api.gguf_get_alignment(model.first().context());
  if (!model.is_split()) return {{model.path(), api.gguf_get_data_offset(model.first().context())}};
  std::vector<Span> spans;
  for (const GgufFile& part : model.files()) {
    const gguf_context* meta = part.context();
    for (int64_t i = 0; i < api.gguf_get_n_tensors(meta); ++i) {
      const uint64_t size = api.gguf_get_tensor_size(meta, i);
      spans.push_back({part.path(), api.gguf_get_data_offset(meta) + api.gguf_get_tensor_offset(meta, i), size,
                       static_cast<size_t>((alignment - size % alignment) % alignment)});
    }
  }
  return spans;
}

/// The first file's metadata, changed, with the tensor tables of all.
std::vector<char> header(const LlamaApi& api, const GgufModel& model, const std::vector<GgufSet>& set,
                         const std::vector<std::string>& remove) {
  gguf_context* meta = model.first().context();
  for (const std::string& key : remove) api.gguf_remove_key(meta, key.c_str());
  for (const GgufSet& entry : set) apply(api, meta, entry);
  if (model.is_split()) {
    for (const char* key : kSplitKeys) api.gguf_remove_key(meta, key);
    for (size_t i = 1; i < model.files().size(); ++i) add_tensors(api, meta, model.files()[i].path());
  }
  std::vector<char> bytes(api.gguf_get_meta_size(meta));
  api.gguf_get_meta_data(meta, bytes.data());
  return bytes;
}

void copy(const Span& span, PartialFile& out, const std::function<bool()>& keep_going) {
  InputFile in(span.path);
  if (!in.is_open() || !in.seek(span.offset)) throw Error(ErrorCode::kFileUnreadable, "cannot read " + span.path);
  std::vector<char> block(static_cast<size_t>(std::min<uint64_t>(kCopyBlock, span.size)));
  for (uint64_t left = span.size; left > 0;) {
    if (!keep_going()) throw Error(ErrorCode::kAborted, "copying " + span.path + " was ended early.");
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(block.size(), left));
    const size_t count = in.read(block.data(), wanted);
    out.write(block.data(), count);
    left -= count;
    if (count < wanted) break;
  }
  if (in.failed()) throw Error(ErrorCode::kFileUnreadable, "cannot read " + span.path);
  const std::vector<char> zeros(span.zeros);
  out.write(zeros.data(), zeros.size());
}

void require_no_part(const GgufModel& model, const std::string& target) {
  for (const GgufFile& part : model.files()) {
    std::error_code ec;
    if (model.is_split() && fs::equivalent(fs::u8path(part.path()), fs::u8path(target), ec)) {
      throw Error(ErrorCode::kFileUnwritable, "cannot write " + target + ": it is a part of the split model " +
                                                  model.path() + ", which becomes one file. Name another.");
    }
  }
}

}  // namespace

void rewrite_gguf(const std::string& source, const std::string& target, const std::vector<GgufSet>& set,
                  const std::vector<std::string>& remove, const std::function<bool()>& keep_going) {
  const LlamaApi& api = engine();
  const GgufModel model(source);
  require_no_part(model, target);
  const std::vector<Span> spans = tensor_data(api, model);  // before the table changes
  const std::vector<char> start = header(api, model, set, remove);
  PartialFile out(target);
  out.write(start.data(), start.size());
  for (const Span& span : spans) copy(span, out, keep_going);
  out.finish();
}

}  // namespace argsearch

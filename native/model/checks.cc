#include "model/checks.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "error.h"

namespace argsearch {
namespace {

/// The parameters that llama.cpp divides by or indexes with before it checks them, with their least values.
void check_shape(const GgufFile& file, const std::string& architecture) {
  constexpr int64_t kMost = int64_t{1} << 24;
  constexpr std::pair<const char*, int64_t> kParameters[] = {
      {"block_count", 1}, {"embedding_length", 1}, {"context_length", 1}, {"attention.head_count", 0}};
  for (const auto& [name, least] : kParameters) {
    const std::string key = architecture + "." + name;
    const int64_t id = file.find(key);
    if (id < 0 || engine().gguf_get_kv_type(file.context(), id) == GGUF_TYPE_ARRAY) continue;
    const int64_t value = file.integer(key);
    if (value < least || value > kMost) {
      throw Error(ErrorCode::kModelInvalid, file.path() + " is damaged: " + key + " is not an integer from " +
                                                std::to_string(least) + " to " + std::to_string(kMost) + ".");
    }
  }
}

/// The numbers that llama.cpp takes into its graphs unchecked; some of them fail an assertion there, while decoding.
void check_numbers(const GgufFile& file, const std::string& architecture) {
  const LlamaApi& api = engine();
  for (int64_t id = 0; id < api.gguf_get_n_kv(file.context()); ++id) {
    const std::string key = api.gguf_get_key(file.context(), id);
    const bool parameter = key.compare(0, architecture.size() + 1, architecture + ".") == 0;
    if (!parameter || api.gguf_get_kv_type(file.context(), id) != GGUF_TYPE_FLOAT32) continue;
    const float value = api.gguf_get_val_f32(file.context(), id);
    const bool negative = value < 0 && key.find("epsilon") != std::string::npos;
    if (!std::isfinite(value) || negative) {
      throw Error(ErrorCode::kModelInvalid,
                  file.path() + " is damaged: " + key + " cannot be " + std::to_string(value) + ".");
    }
  }
}

/// Numbers of a head, as long as the longest; 0 where the file does not say.
int64_t head_size(const GgufFile& file, const std::string& architecture) {
  int64_t size = 0;
  for (const char* name : {".attention.key_length", ".attention.key_length_swa"}) {
    size = std::max(size, file.integer(architecture + name));
  }
  const std::vector<int64_t> heads = file.integers(architecture + ".attention.head_count");
  if (size > 0 || heads.empty() || heads[0] <= 0) return size;
  return file.integer(architecture + ".embedding_length") / heads[0];
}

/// How rotary positions are laid over a head; what does not fit fails an assertion while decoding, or ggml never ends.
void check_rotary(const GgufFile& file, const std::string& architecture) {
  const int64_t most = head_size(file, architecture);
  if (most <= 0) return;
  for (const char* name : {".rope.dimension_count", ".rope.dimension_count_swa"}) {
    const std::string key = architecture + name;
    if (file.find(key) < 0) continue;
    const int64_t count = file.integer(key);
    if (count >= 2 && count <= most && count % 2 == 0) continue;
    throw Error(ErrorCode::kModelInvalid, file.path() + " is damaged: " + key + " is not an even number from 2 to " +
                                              std::to_string(most) + ", the size of a head.");
  }
  const std::string key = architecture + ".rope.dimension_sections";
  std::vector<int64_t> sections = file.integers(key);
  if (sections.empty()) return;
  constexpr size_t kSections = 4;  // a single number stands for all of them
  if (sections.size() == 1) sections.resize(kSections, sections[0]);
  const int64_t sum = std::accumulate(sections.begin(), sections.end(), int64_t{0});
  if (sum > 0 && sum <= most && *std::min_element(sections.begin(), sections.end()) >= 0) return;
  throw Error(ErrorCode::kModelInvalid,
              file.path() + " is damaged: " + key + " does not divide a head of " + std::to_string(most) + " numbers.");
}

/// RWKV's kernels take that many numbers of a head at once, and write behind a shorter one.
void check_wkv(const GgufFile& file, const std::string& architecture) {
  constexpr int64_t kStep = 64;
  const std::string key = architecture + ".wkv.head_size";
  if (file.find(key) < 0) return;
  const int64_t size = file.integer(key);
  if (size > 0 && size % kStep == 0) return;
  throw Error(ErrorCode::kModelInvalid,
              file.path() + " is damaged: " + key + " is no multiple of " + std::to_string(kStep) + ".");
}

/// No kernel multiplies by these; llama.cpp finds out by crashing. Integer tables, which it only looks up, are not
/// weights.
bool is_computable(ggml_type type, const std::string& name) {
  switch (type) {
    case GGML_TYPE_I8:
    case GGML_TYPE_I16:
    case GGML_TYPE_I32:
    case GGML_TYPE_I64:
      return name.find("tid2eid") != std::string::npos;
    case GGML_TYPE_F64:
    case GGML_TYPE_Q8_1:
    case GGML_TYPE_Q8_K:
      return false;
    default:
      break;
  }
  // Added or multiplied element by element, which is done in F32 only.
  const bool elementwise = name.find("norm") != std::string::npos || name.find(".bias") != std::string::npos;
  return !elementwise || type == GGML_TYPE_F32;
}

void check_tensor_types(const GgufFile& file) {
  const LlamaApi& api = engine();
  for (int64_t i = 0; i < api.gguf_get_n_tensors(file.context()); ++i) {
    const std::string name = api.gguf_get_tensor_name(file.context(), i);
    const ggml_type type = api.gguf_get_tensor_type(file.context(), i);
    if (is_computable(type, name)) continue;
    throw Error(ErrorCode::kModelInvalid, file.path() + " is damaged: llama.cpp cannot compute with the tensor " +
                                              name + " in the format " + api.ggml_type_name(type) + ".");
  }
}

/// llama.cpp asserts that no token stands there twice; to empty ones it gives names of their own.
void check_tokens(const GgufFile& file) {
  const LlamaApi& api = engine();
  const int64_t id = file.find("tokenizer.ggml.tokens");
  if (id < 0 || api.gguf_get_kv_type(file.context(), id) != GGUF_TYPE_ARRAY) return;
  if (api.gguf_get_arr_type(file.context(), id) != GGUF_TYPE_STRING) return;
  const size_t count = api.gguf_get_arr_n(file.context(), id);
  std::unordered_set<std::string_view> seen(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view token = api.gguf_get_arr_str(file.context(), id, i);
    if (!token.empty() && !seen.insert(token).second) {
      throw Error(ErrorCode::kModelInvalid, file.path() + " is damaged: its vocabulary has the token " +
                                                std::to_string(i) + " twice. Fetch it again.");
    }
  }
}

void check_tokenizer(const GgufFile& file) {
  const std::string tokenizer = file.string("tokenizer.ggml.model");
  if (tokenizer == "none" || tokenizer == "no_vocab") {
    throw Error(ErrorCode::kModelUnsupported,
                file.path() + " has no vocabulary; argsearch needs a model that comes with its tokenizer.");
  }
  check_tokens(file);
}

}  // namespace

void check_model(const GgufModel& files) {
  const std::string architecture = files.first().string("general.architecture");
  if (architecture.empty()) {
    throw Error(ErrorCode::kModelUnsupported,
                files.path() + " names no architecture (general.architecture): not a model.");
  }
  check_shape(files.first(), architecture);
  check_numbers(files.first(), architecture);
  check_rotary(files.first(), architecture);
  check_wkv(files.first(), architecture);
  for (const GgufFile& file : files.files()) check_tensor_types(file);
  check_tokenizer(files.first());
}

bool mostly_f32(const GgufModel& files) {
  const LlamaApi& api = engine();
  uint64_t f32 = 0;
  uint64_t total = 0;
  for (const GgufFile& file : files.files()) {
    for (int64_t i = 0; i < api.gguf_get_n_tensors(file.context()); ++i) {
      const uint64_t size = api.gguf_get_tensor_size(file.context(), i);
      total += size;
      if (api.gguf_get_tensor_type(file.context(), i) == GGML_TYPE_F32) f32 += size;
    }
  }
  return 2 * f32 > total;
}

}  // namespace argsearch

#include "model/quantize.h"

#include <utility>

#include "engine/assertion_guard.h"
#include "engine/failures.h"
#include "engine/log.h"
#include "error.h"
#include "model/gguf_file.h"

namespace argsearch {
namespace {

constexpr std::pair<const char*, llama_ftype> kTypes[] = {
    {"f32", LLAMA_FTYPE_ALL_F32},          {"f16", LLAMA_FTYPE_MOSTLY_F16},       {"bf16", LLAMA_FTYPE_MOSTLY_BF16},
    {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},     {"q6_k", LLAMA_FTYPE_MOSTLY_Q6_K},     {"q5_k_m", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    {"q5_k_s", LLAMA_FTYPE_MOSTLY_Q5_K_S}, {"q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},     {"q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},
    {"q4_k_m", LLAMA_FTYPE_MOSTLY_Q4_K_M}, {"q4_k_s", LLAMA_FTYPE_MOSTLY_Q4_K_S}, {"q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
    {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},     {"q3_k_m", LLAMA_FTYPE_MOSTLY_Q3_K_M}, {"q2_k", LLAMA_FTYPE_MOSTLY_Q2_K},
};

llama_ftype to_ftype(const std::string& type) {
  std::string names;
  for (const auto& [name, ftype] : kTypes) {
    if (type == name) return ftype;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(ErrorCode::kOptionInvalid, "there is no quantisation \"" + type + "\"; choose one of " + names + ".");
}

}  // namespace

std::vector<std::string> quantization_names() {
  std::vector<std::string> names;
  for (const auto& [name, ftype] : kTypes) names.emplace_back(name);
  return names;
}

void quantize_gguf(const std::string& source, const std::string& target, const std::string& type, int threads) {
  const LlamaApi& api = engine();
  const GgufFile checked(source);
  llama_model_quantize_params params = api.llama_model_quantize_default_params();
  params.ftype = to_ftype(type);
  params.nthread = threads;
  params.allow_requantize = true;
  const LogCapture log;
  std::string reason;
  try {
    const AssertionGuard guard;
    if (api.llama_model_quantize(source.c_str(), target.c_str(), &params) == 0) return;
    reason = log.last_line("llama.cpp gave no reason");
  } catch (const std::exception& error) {
    reason = error.what();
  }
  const bool unwritable = failure_in(reason) == EngineFailure::kUnwritable;
  throw Error(unwritable ? ErrorCode::kFileUnwritable : ErrorCode::kConversionFailed,
              source + " could not be written as " + type + ": " + reason);
}

}  // namespace argsearch

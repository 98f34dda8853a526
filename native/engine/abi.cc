#include "engine/abi.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include "engine/file_name.h"
#include "error.h"

namespace argsearch {
namespace {

/// The versions that decode here as they should: of these the structures are alike, and so is every function's
/// signature. Before 1.0 a minor version may change either, and functions are found by their names alone.
constexpr std::pair<int, int> kTested[] = {{0, 4}, {0, 5}};

/// Accepts other versions, at the user's own risk; the structures are compared all the same.
constexpr const char* kAnyVersion = "ARGSEARCH_ANY_ENGINE";

std::string tested_versions() {
  std::string list;
  for (const auto& [major, minor] : kTested) {
    list += (list.empty() ? "v" : " and v") + std::to_string(major) + "." + std::to_string(minor);
  }
  return list;
}

bool is_tested(const std::string& version) {
  std::string_view rest = version;
  cut_prefix(rest, "v");
  const std::string_view major = cut_while(rest, is_digit);
  if (!cut_prefix(rest, ".")) return false;
  const std::string_view minor = cut_while(rest, is_digit);
  return std::any_of(std::begin(kTested), std::end(kTested), [&](const auto& tested) {
    return major == std::to_string(tested.first) && minor == std::to_string(tested.second);
  });
}

void check_version(const LlamaApi& api, const std::string& path) {
  if (is_tested(api.version) || std::getenv(kAnyVersion) != nullptr) return;
  throw Error(ErrorCode::kEngineIncompatible,
              path + " is llama.cpp " + api.version + "; this argsearch works with " + tested_versions() +
                  ". Use the engine packages that it depends on, or another version of argsearch. The environment "
                  "variable " +
                  kAnyVersion + "=1 tries it all the same.");
}

/// A structure with room behind it: a library of another version may return a larger one.
template <class T>
struct Roomy {
  T value;
  char room[512];
};

template <class T, class... Args>
T returned(T (*function)(Args...), Args... args) {
  return reinterpret_cast<Roomy<T> (*)(Args...)>(reinterpret_cast<void (*)()>(function))(args...).value;
}

bool as_compiled(const llama_model_params& p) {
  return p.devices == nullptr && p.tensor_buft_overrides == nullptr && p.n_gpu_layers == -1 &&
         p.split_mode == LLAMA_SPLIT_MODE_LAYER && p.load_mode == LLAMA_LOAD_MODE_AUTO &&
         p.lazy_mode == LLAMA_LAZY_MODE_AUTO && p.main_gpu == 0 && p.tensor_split == nullptr &&
         p.progress_callback == nullptr && p.progress_callback_user_data == nullptr && p.kv_overrides == nullptr &&
         !p.vocab_only && !p.check_tensors && p.use_extra_bufts && !p.no_host && !p.no_alloc && !p.load_mtp;
}

bool as_compiled(const llama_context_params& p) {
  const bool sizes = p.n_ctx == 512 && p.n_batch == 2048 && p.n_ubatch == 512 && p.n_seq_max == 1 && p.n_rs_seq == 0 &&
                     p.n_outputs_max == 0 && p.n_outputs_max_per_seq == 1 && p.n_threads == GGML_DEFAULT_N_THREADS &&
                     p.n_threads_batch == GGML_DEFAULT_N_THREADS;
  const bool kinds =
      p.ctx_type == LLAMA_CONTEXT_TYPE_DEFAULT && p.rope_scaling_type == LLAMA_ROPE_SCALING_TYPE_UNSPECIFIED &&
      p.pooling_type == LLAMA_POOLING_TYPE_UNSPECIFIED && p.attention_type == LLAMA_ATTENTION_TYPE_UNSPECIFIED &&
      p.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_AUTO;
  const bool numbers = p.rope_freq_base == 0 && p.rope_freq_scale == 0 && p.yarn_ext_factor == -1 &&
                       p.yarn_attn_factor == -1 && p.yarn_beta_fast == -1 && p.yarn_beta_slow == -1 &&
                       p.yarn_orig_ctx == 0 && p.defrag_thold == -1;
  const bool callbacks = p.cb_eval == nullptr && p.cb_eval_user_data == nullptr && p.type_k == GGML_TYPE_F16 &&
                         p.type_v == GGML_TYPE_F16 && p.abort_callback == nullptr && p.abort_callback_data == nullptr;
  const bool switches = !p.embeddings && p.offload_kqv && p.no_perf && p.op_offload && p.swa_full && !p.kv_unified &&
                        p.samplers == nullptr && p.n_samplers == 0 && p.ctx_other == nullptr;
  return sizes && kinds && numbers && callbacks && switches;
}

bool as_compiled(const llama_model_quantize_params& p) {
  return p.nthread == 0 && p.ftype == LLAMA_FTYPE_MOSTLY_Q8_0 && p.output_tensor_type == GGML_TYPE_COUNT &&
         p.token_embedding_type == GGML_TYPE_COUNT && !p.allow_requantize && p.quantize_output_tensor && !p.only_copy &&
         !p.pure && !p.keep_split && !p.dry_run && p.imatrix == nullptr && p.kv_overrides == nullptr &&
         p.tt_overrides == nullptr && p.prune_layers == nullptr && p.max_buf_size == 8ULL << 30;
}

bool as_compiled(const ggml_threadpool_params& p) {
  for (const bool core : p.cpumask) {
    if (core) return false;
  }
  return p.n_threads == 3 && p.prio == GGML_SCHED_PRIO_NORMAL && p.poll == 50 && !p.strict_cpu && !p.paused;
}

bool batches_as_compiled(const LlamaApi& api) {
  llama_token token = 0;
  const llama_batch one = returned(api.llama_batch_get_one, &token, 3);
  const bool view = one.n_tokens == 3 && one.token == &token && one.embd == nullptr && one.pos == nullptr &&
                    one.n_seq_id == nullptr && one.seq_id == nullptr && one.logits == nullptr;
  const llama_batch owned = returned(api.llama_batch_init, 2, 0, 1);
  const bool same = view && owned.n_tokens == 0 && owned.token != nullptr && owned.embd == nullptr &&
                    owned.pos != nullptr && owned.n_seq_id != nullptr && owned.seq_id != nullptr &&
                    owned.logits != nullptr;
  if (same) api.llama_batch_free(owned);
  return same;
}

}  // namespace

void check_abi(const LlamaApi& api, const std::string& path) {
  check_version(api, path);
  const auto require = [&](bool same, const char* structure) {
    if (same) return;
    throw Error(ErrorCode::kEngineIncompatible, path + " (llama.cpp " + api.version + ") lays out " + structure +
                                                    " differently from this addon. Use the engine packages that "
                                                    "argsearch depends on.");
  };
  require(as_compiled(returned(api.llama_model_default_params)), "llama_model_params");
  require(as_compiled(returned(api.llama_context_default_params)), "llama_context_params");
  require(as_compiled(returned(api.llama_model_quantize_default_params)), "llama_model_quantize_params");
  require(api.llama_sampler_chain_default_params().no_perf, "llama_sampler_chain_params");
  require(as_compiled(returned(api.ggml_threadpool_params_default, 3)), "ggml_threadpool_params");
  require(batches_as_compiled(api), "llama_batch");
}

}  // namespace argsearch

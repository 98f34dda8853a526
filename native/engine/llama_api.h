#pragma once

#include <string>

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"
#include "gguf.h"
#include "llama.h"

namespace argsearch {

// Every llama.cpp function the addon calls. The addon links against none of them: one addon file then serves every
// build of the engine (CPU, CUDA, Metal, Vulkan), and a user can bring another one.
// clang-format off
#define ARGSEARCH_LLAMA_FUNCTIONS(X)                                                                              \
  X(llama_version) X(llama_backend_init) X(llama_log_set) X(llama_log_get) X(llama_max_parallel_sequences)        \
  X(llama_model_default_params) X(llama_context_default_params) X(llama_sampler_chain_default_params)             \
  X(llama_model_load_from_file) X(llama_model_free) X(llama_init_from_model) X(llama_free)                        \
  X(llama_model_get_vocab) X(llama_model_n_embd) X(llama_model_n_layer) X(llama_model_n_ctx_train)                \
  X(llama_model_desc) X(llama_model_size) X(llama_model_n_params) X(llama_model_chat_template)                    \
  X(llama_model_has_encoder) X(llama_model_has_decoder)                                                           \
  X(llama_model_is_recurrent) X(llama_model_is_hybrid) X(llama_model_is_diffusion)                                \
  X(llama_vocab_n_tokens) X(llama_vocab_get_text) X(llama_vocab_get_attr) X(llama_vocab_type)                     \
  X(llama_vocab_is_eog) X(llama_vocab_bos) X(llama_vocab_eos) X(llama_vocab_get_add_bos)                          \
  X(llama_vocab_eot) X(llama_vocab_fim_pad) X(llama_vocab_fim_rep) X(llama_vocab_fim_sep)                         \
  X(llama_tokenize) X(llama_token_to_piece)                                                                       \
  X(llama_get_memory) X(llama_memory_clear) X(llama_memory_seq_rm) X(llama_memory_seq_cp)                         \
  X(llama_state_get_size) X(llama_batch_get_one) X(llama_batch_init) X(llama_batch_free)                          \
  X(llama_decode) X(llama_get_logits_ith) X(llama_get_embeddings_ith)                                             \
  X(llama_get_embeddings_seq) X(llama_pooling_type) X(llama_model_n_embd_out)                                     \
  X(llama_attach_threadpool) X(llama_detach_threadpool) X(llama_set_n_threads)                                    \
  X(llama_state_seq_get_size) X(llama_state_seq_get_data) X(llama_state_seq_set_data)                             \
  X(llama_model_quantize) X(llama_model_quantize_default_params)                                                  \
  X(llama_sampler_chain_init) X(llama_sampler_chain_add) X(llama_sampler_init_top_k) X(llama_sampler_init_top_p)  \
  X(llama_sampler_init_temp) X(llama_sampler_init_dist) X(llama_sampler_apply) X(llama_sampler_free)              \
  X(llama_sampler_accept) X(llama_sampler_clone) X(llama_sampler_init_logit_bias) X(llama_sampler_init_grammar)   \
  X(llama_sampler_init_penalties) X(llama_sampler_init_dry) X(llama_sampler_init_top_n_sigma)                     \
  X(llama_sampler_init_min_p) X(llama_sampler_init_xtc) X(llama_synchronize)                                      \
  X(llama_adapter_lora_init) X(llama_set_adapters_lora)

#define ARGSEARCH_GGML_FUNCTIONS(X)                                                                               \
  X(ggml_backend_load_all_from_path) X(ggml_backend_load) X(ggml_backend_dev_count) X(ggml_backend_dev_get)       \
  X(ggml_backend_dev_name) X(ggml_backend_dev_description) X(ggml_backend_dev_type) X(ggml_backend_dev_memory)    \
  X(ggml_backend_dev_backend_reg) X(ggml_backend_reg_name) X(ggml_backend_reg_by_name)                            \
  X(ggml_backend_reg_get_proc_address) X(ggml_threadpool_params_default)                                          \
  X(ggml_backend_tensor_get) X(ggml_is_contiguous) X(ggml_nelements) X(ggml_type_name)                            \
  X(ggml_blck_size) X(ggml_type_size) X(ggml_get_type_traits) X(ggml_set_abort_callback)                          \
  X(ggml_backend_buft_name) X(ggml_backend_register) X(ggml_backend_reg_dev_count)                                \
  X(gguf_init_from_file) X(gguf_free) X(gguf_get_version) X(gguf_get_data_offset)                                 \
  X(gguf_get_n_kv) X(gguf_find_key) X(gguf_get_key) X(gguf_get_kv_type) X(gguf_get_arr_type)                      \
  X(gguf_get_val_u8) X(gguf_get_val_u16) X(gguf_get_val_u32)                                                      \
  X(gguf_get_val_i32) X(gguf_get_val_f32) X(gguf_get_val_u64) X(gguf_get_val_i64)                                 \
  X(gguf_get_val_str) X(gguf_get_val_data) X(gguf_get_arr_n) X(gguf_get_arr_data)                                 \
  X(gguf_get_arr_str) X(gguf_get_tensor_ne) X(gguf_find_tensor)                                                   \
  X(gguf_get_n_tensors) X(gguf_get_tensor_name) X(gguf_get_tensor_type) X(gguf_get_tensor_size)                   \
  X(gguf_get_tensor_offset) X(gguf_type_name) X(gguf_remove_key) X(gguf_set_val_str)                              \
  X(gguf_set_val_f32) X(gguf_set_arr_data) X(gguf_set_arr_str) X(gguf_get_meta_size)                              \
  X(gguf_get_alignment) X(gguf_add_tensor) X(ggml_get_tensor) X(ggml_free)                                        \
  X(gguf_get_meta_data)                                                                                           \
  X(ggml_init) X(ggml_tensor_overhead) X(ggml_graph_overhead) X(ggml_new_tensor_2d) X(ggml_new_graph)             \
  X(ggml_build_forward_expand) X(ggml_mul_mat) X(ggml_mul) X(ggml_add) X(ggml_scale) X(ggml_tanh)                 \
  X(ggml_get_unary_op) X(ggml_backend_dev_init) X(ggml_backend_free) X(ggml_backend_reg_dev_get)                  \
  X(ggml_backend_buffer_free) X(ggml_backend_buffer_get_type) X(ggml_backend_buffer_get_usage)                    \
  X(ggml_backend_buft_is_host) X(ggml_backend_buft_get_device) X(ggml_backend_alloc_ctx_tensors)                  \
  X(ggml_backend_tensor_set) X(ggml_backend_graph_compute)
// clang-format on

/// llama.cpp's functions, found at run time in the libraries of one directory. Immutable once open.
struct LlamaApi {
#define X(name) decltype(&::name) name = nullptr;
  ARGSEARCH_LLAMA_FUNCTIONS(X)
  ARGSEARCH_GGML_FUNCTIONS(X)
#undef X

  std::string dir;
  /// Directory of further backends; "" for none.
  std::string backends;
  std::string version;
};

/// Opens the engine in `dir`, loads its backends (`cpu_alone`, that of the CPU alone) and those in `backends`, if
/// given, and starts llama.cpp. A process has one engine (two copies of ggml in one process would share symbols): the
/// same directories again are free, others are ENGINE_INCOMPATIBLE. The table lives as long as the process.
const LlamaApi& open_engine(const std::string& dir, const std::string& backends = "", bool cpu_alone = false);

/// The open engine, or null.
const LlamaApi* current_engine();

/// The open engine; ENGINE_NOT_FOUND when open_engine() has not been called.
const LlamaApi& engine();

}  // namespace argsearch

#include "context/context.h"

#include <algorithm>
#include <new>

#include "engine/assertion_guard.h"
#include "engine/failures.h"
#include "engine/log.h"
#include "engine/thread_clock.h"
#include "error.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

ggml_type cache_type(KvType type, const Model& model) {
  switch (type) {
    case KvType::kF32:
      return GGML_TYPE_F32;
    case KvType::kQ8_0:
      return GGML_TYPE_Q8_0;
    case KvType::kF16:
      return GGML_TYPE_F16;
    case KvType::kAuto:
      break;
  }
  return model.is_f32() ? GGML_TYPE_F32 : GGML_TYPE_F16;
}

/// The CPU's flash attention goes from cell to cell; over more than about 200 cells, products of all branches with all
/// cells take less time (half of it at 4,000). Their matrix takes memory, so that batches had better be short.
constexpr uint32_t kFewCells = 192;
constexpr uint32_t kShortBatch = 128;
bool multiplies_all_cells(const Model& model, const ContextSettings& settings, const ContextShape& shape) {
  return shape.branches_of_one && shape.cells > kFewCells && model.is_on_cpu() &&
         settings.flash_attention == FlashAttention::kAuto && cache_type(settings.kv_type, model) == GGML_TYPE_F16;
}

uint32_t batch_size_of(const Model& model, const ContextSettings& settings, const ContextShape& shape) {
  const bool short_ones = multiplies_all_cells(model, settings, shape);
  return std::max(short_ones ? std::min(settings.batch_size, kShortBatch) : settings.batch_size, shape.sequences);
}

/// It rounds an F32 cache to F16 before every use.
enum llama_flash_attn_type flash_attention(FlashAttention wanted, ggml_type cache) {
  switch (wanted) {
    case FlashAttention::kOn:
      return LLAMA_FLASH_ATTN_TYPE_ENABLED;
    case FlashAttention::kOff:
      return LLAMA_FLASH_ATTN_TYPE_DISABLED;
    case FlashAttention::kAuto:
      break;
  }
  return cache == GGML_TYPE_F32 ? LLAMA_FLASH_ATTN_TYPE_DISABLED : LLAMA_FLASH_ATTN_TYPE_AUTO;
}

/// ggml's flash attention gives each thread a part of 512 cells or more when there is one token, and adds up what they
/// find, with an F16 cache in F16. llama.cpp makes multiples of 256 cells.
constexpr uint32_t kWholeCells = 256;
bool parts_cells(const Model& model, const ContextSettings& settings, const ContextShape& shape) {
  const ggml_type cache = cache_type(settings.kv_type, model);
  const bool flash = !multiplies_all_cells(model, settings, shape) &&
                     flash_attention(settings.flash_attention, cache) != LLAMA_FLASH_ATTN_TYPE_DISABLED;
  return flash && cache != GGML_TYPE_Q8_0 && shape.cells > kWholeCells;
}

void check_decoder(const Model& model) {
  const LlamaApi& api = engine();
  const bool decoder = api.llama_model_has_decoder(model.handle()) && !api.llama_model_has_encoder(model.handle());
  if (decoder && !model.is_causal()) {
    throw Error(
        ErrorCode::kModelUnsupported,
        model.path() + ": this model of the architecture \"" + model.architecture() +
            "\" lets tokens see those after them (attention.causal is false); argsearch decodes token by token.");
  }
  if (!decoder || api.llama_model_is_diffusion(model.handle())) {
    throw Error(ErrorCode::kModelUnsupported, model.path() + ": the architecture \"" + model.architecture() +
                                                  "\" is not a causal decoder; argsearch decodes token by token.");
  }
}

/// Borrows from the settings: its interrupt must outlive the context.
llama_context_params context_params(const Model& model, const ContextSettings& settings, const ContextShape& shape) {
  llama_context_params params = engine().llama_context_default_params();
  params.n_ctx = shape.cells;
  params.n_batch = batch_size_of(model, settings, shape);
  params.n_ubatch = params.n_batch;
  params.n_seq_max = shape.sequences;
  // llama.cpp asserts that its output buffer holds one row a sequence.
  params.n_outputs_max = shape.embeddings ? params.n_batch : std::max(shape.outputs, shape.sequences);
  params.n_threads = settings.threads;
  params.n_threads_batch = settings.threads;
  params.pooling_type = shape.pooling.value_or(LLAMA_POOLING_TYPE_NONE);
  params.type_k = cache_type(settings.kv_type, model);
  params.type_v = params.type_k;
  params.flash_attn_type = multiplies_all_cells(model, settings, shape)
                               ? LLAMA_FLASH_ATTN_TYPE_DISABLED
                               : flash_attention(settings.flash_attention, params.type_k);
  if (model.long_rope()) params.yarn_orig_ctx = model.long_rope()->original_context();
  params.embeddings = shape.embeddings;
  params.no_perf = true;
  params.swa_full = true;
  params.kv_unified = true;
  params.cb_eval = shape.on_node;
  params.cb_eval_user_data = shape.on_node_data;
  params.abort_callback = [](void* data) { return static_cast<const Interrupt*>(data)->raised(); };
  params.abort_callback_data = settings.interrupt.get();
  return params;
}

[[noreturn]] void fail_context(const Model& model, uint32_t cells, const LogCapture& log) {
  const std::string reason = log.last_line("out of memory");
  const EngineFailure failure = failure_in(reason);
  if (failure == EngineFailure::kCacheType) {
    throw Error(ErrorCode::kOptionInvalid, model.path() + " cannot have this kvType: " + reason + ".");
  }
  if (failure == EngineFailure::kAssertion) {
    throw Error(ErrorCode::kModelInvalid, model.path() + " is damaged: " + reason);
  }
  throw Error(ErrorCode::kOutOfMemory, model.path() + ": no context of " + std::to_string(cells) +
                                           " tokens could be made (" + reason + "). Lower contextSize or slots.");
}

[[noreturn]] void fail_decode_for_memory(const Model& model) {
  throw Error(ErrorCode::kOutOfMemory, model.path() + ": there is no memory to decode. Lower batchSize or slots.");
}

}  // namespace

Context::Context(std::shared_ptr<const Model> model, const ContextSettings& settings, const ContextShape& shape)
    : model_(std::move(model)),
      threads_(settings.threads),
      shared_threads_(settings.shared_threads),
      parts_cells_(parts_cells(*model_, settings, shape)),
      interrupt_(settings.interrupt),
      batch_size_(batch_size_of(*model_, settings, shape)) {
  if (!shape.pooling) check_decoder(*model_);
  const LlamaApi& api = engine();
  const LogCapture log;
  const AssertionGuard guard;
  context_.reset(api.llama_init_from_model(model_->handle(), context_params(*model_, settings, shape)));
  if (!context_) fail_context(*model_, shape.cells, log);
  if (llama_adapter_lora* adapter = model_->adapter()) {
    float scale = 1;
    api.llama_set_adapters_lora(handle(), &adapter, 1, &scale);
  }
  if (memory() == nullptr && !shape.pooling) {
    throw Error(ErrorCode::kModelUnsupported,
                model_->path() + ": the architecture \"" + model_->architecture() + "\" keeps no KV cache.");
  }
  share_threads();
}

void Context::use_threads(int threads) {
  std::shared_ptr<Threadpool>& pool = own_pools_[threads];
  if (!pool) pool = Threadpool::create(threads);
  shares_threads_ = false;
  compute_with({threads, pool ? pool->handle() : nullptr});
}

void Context::share_threads() {
  for (const auto& [threads, pool] : own_pools_) {
    if (pool) pool->rest();
  }
  shares_threads_ = true;
  compute_with(shared_threads_ ? shared_threads_->all() : SharedThreads::Team{threads_, nullptr});
}

void Context::compute_with(SharedThreads::Team team) {
  if (team == team_) return;
  const LlamaApi& api = engine();
  api.llama_set_n_threads(handle(), team.threads, team.threads);
  if (team.pool != nullptr) {
    api.llama_attach_threadpool(handle(), team.pool, team.pool);
  } else {
    api.llama_detach_threadpool(handle());
  }
  team_ = team;
}

/// What it rounds by the number of threads depends on what else the machine does. llama.cpp may cut a single token off
/// a recurrent model's batch.
bool Context::is_delicate(const Batch& batch) const {
  return parts_cells_ && (batch.size() == 1 || model_->is_recurrent());
}

void Context::decode(Batch& batch) {
  if (interrupt_->raised()) throw Error(ErrorCode::kAborted, "decoding was aborted.");
  try {
    decode_or_throw(batch);
  } catch (...) {
    if (model_->is_recurrent() && batch.has_several_sequences()) {
      engine().llama_memory_clear(memory(), /*data=*/false);
      ++losses_;
    }
    throw;
  }
}

int32_t Context::decode_timed(Batch& batch) {
  const bool shares = shares_threads_ && shared_threads_;
  const bool adapts = shares && model_->is_on_cpu();
  const bool delicate = is_delicate(batch);
  if (shares) compute_with(adapts ? shared_threads_->team(delicate) : shared_threads_->all());
  const llama_batch view = batch.view();
  const Stopwatch watch;
  const ThreadClock clock;
  const int32_t status = engine().llama_decode(handle(), view);
  const double ms = watch.milliseconds();
  decode_ms_ += ms;
  if (adapts && status == 0) {
    shared_threads_->decoded({this, batch.size(), ms, clock.milliseconds().value_or(ms), delicate});
  }
  return status;
}

void Context::decode_or_throw(Batch& batch) {
  const LogCapture log;
  int32_t status = 0;
  try {
    status = decode_timed(batch);
  } catch (const std::bad_alloc&) {
    fail_decode_for_memory(*model_);
  } catch (const std::exception& error) {
    throw Error(ErrorCode::kDecodeFailed, model_->path() + ": llama.cpp failed to decode: " + error.what());
  }
  if (status == 0) return;
  if (status == 2 || interrupt_->raised()) throw Error(ErrorCode::kAborted, "decoding was aborted.");
  if (status == 1) {
    throw Error(ErrorCode::kOutOfMemory, model_->path() + ": the KV cache is full. Raise contextSize.");
  }
  if (failure_in(log.text()) == EngineFailure::kOutOfMemory) fail_decode_for_memory(*model_);
  throw Error(ErrorCode::kDecodeFailed, model_->path() + ": llama.cpp failed to decode (" + std::to_string(status) +
                                            "): " + log.last_line("no reason given"));
}

const float* Context::logits(size_t token) const {
  const float* logits = engine().llama_get_logits_ith(handle(), static_cast<int32_t>(token));
  if (logits == nullptr) throw Error(ErrorCode::kDecodeFailed, model().path() + ": llama.cpp gave no logits.");
  return logits;
}

bool Context::truncate(llama_seq_id sequence, size_t position) {
  const LlamaApi& api = engine();
  if (api.llama_memory_seq_rm(memory(), sequence, static_cast<llama_pos>(position), -1)) return true;
  api.llama_memory_seq_rm(memory(), sequence, -1, -1);
  return false;
}

size_t common_prefix(const std::vector<llama_token>& a, const std::vector<llama_token>& b) {
  const size_t limit = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(limit), b.begin()).first -
                             a.begin());
}

}  // namespace argsearch

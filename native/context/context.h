#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context/batch.h"
#include "engine/shared_threads.h"
#include "engine/threadpool.h"
#include "model/model.h"

namespace argsearch {

/// Ends decoding early: `closing` for good (the process or environment goes away), `cancel` for the call that set it.
/// Written by the JavaScript thread, read by the decoding thread and ggml's compute threads.
struct Interrupt {
  std::atomic<bool> closing{false};
  std::atomic<const std::atomic<bool>*> cancel{nullptr};

  bool raised() const {
    const std::atomic<bool>* flag = cancel.load();
    return closing.load() || (flag != nullptr && flag->load());
  }
};

enum class KvType { kAuto, kF32, kF16, kQ8_0 };

/// kAuto: where the device computes it without loss, and not slower.
enum class FlashAttention { kAuto, kOn, kOff };

/// What every context of a search or scorer is made with.
struct ContextSettings {
  /// At most; see `shared_threads`.
  int threads = 2;
  /// Most tokens of one llama_decode.
  uint32_t batch_size = 512;
  KvType kv_type = KvType::kAuto;
  FlashAttention flash_attention = FlashAttention::kAuto;
  /// Null: ggml's own threads, always all.
  std::shared_ptr<SharedThreads> shared_threads;
  std::shared_ptr<Interrupt> interrupt;
};

/// What one kind of context adds.
struct ContextShape {
  /// KV cells.
  uint32_t cells = 0;
  uint32_t sequences = 1;
  /// Most outputs of one batch.
  uint32_t outputs = 1;
  /// What it decodes are branches of one sequence, most of the time.
  bool branches_of_one = false;
  /// llama.cpp's embeddings mode: the slow way to hidden states, see HiddenContext.
  bool embeddings = false;
  /// How embeddings are pooled; What pools may also be an encoder, and keep no cache.
  std::optional<enum llama_pooling_type> pooling = std::nullopt;
  ggml_backend_sched_eval_callback on_node = nullptr;
  void* on_node_data = nullptr;
};

/// A llama_context over a unified KV cache, with the model it belongs to. Not thread-safe: one thread decodes.
class Context {
 public:
  /// MODEL_UNSUPPORTED for what is no causal decoder, unless it pools; OUT_OF_MEMORY when it cannot be allocated.
  Context(std::shared_ptr<const Model> model, const ContextSettings& settings, const ContextShape& shape);

  const Model& model() const { return *model_; }
  llama_context* handle() const { return context_.get(); }
  llama_memory_t memory() const { return engine().llama_get_memory(handle()); }
  uint32_t batch_size() const { return batch_size_; }

  /// Decodes, or throws ABORTED, OUT_OF_MEMORY or DECODE_FAILED; the cache may then hold a part of the batch. With a
  /// recurrent model, whose states move about in a graph, a failure with several sequences loses those of all.
  void decode(Batch& batch);
  /// n_vocab logits of a token of the last batch, which is one of its outputs; valid until the next decode.
  /// DECODE_FAILED.
  const float* logits(size_t token) const;
  /// Waits for what a GPU is still at.
  void synchronize() { engine().llama_synchronize(handle()); }

  /// Removes a sequence's cells from `position` on. A recurrent model cannot cut: its whole sequence goes then, and
  /// false is returned.
  bool truncate(llama_seq_id sequence, size_t position);

  /// Decodes with so many threads of its own, so that others may decode at the same time, until share_threads(): the
  /// threads that all contexts share do not work for two at once.
  void use_threads(int threads);
  void share_threads();

  /// How often all states were lost.
  uint64_t losses() const { return losses_; }

  /// Milliseconds spent inside llama_decode so far.
  double decode_ms() const { return decode_ms_; }

  /// Bytes of the KV cells in use by any sequence, as llama.cpp would save them.
  size_t cache_bytes() const { return engine().llama_state_get_size(handle()); }

 private:
  void decode_or_throw(Batch& batch);
  int32_t decode_timed(Batch& batch);
  bool is_delicate(const Batch& batch) const;
  void compute_with(SharedThreads::Team team);

  struct FreeContext {
    void operator()(llama_context* context) const { engine().llama_free(context); }
  };
  std::shared_ptr<const Model> model_;
  int threads_;
  std::shared_ptr<SharedThreads> shared_threads_;
  bool shares_threads_ = true;
  /// Those that are attached.
  SharedThreads::Team team_{0, nullptr};
  /// What attention makes of a single token depends on the number of threads.
  bool parts_cells_;
  /// By how many threads they have. ggml remembers the one that it used last, so all of them stay.
  std::map<int, std::shared_ptr<Threadpool>> own_pools_;
  std::shared_ptr<Interrupt> interrupt_;
  uint32_t batch_size_;
  double decode_ms_ = 0;
  uint64_t losses_ = 0;
  // Declared last: freed before the model and the threads it uses.
  std::unique_ptr<llama_context, FreeContext> context_;
};

/// Length of the common prefix of two token sequences.
size_t common_prefix(const std::vector<llama_token>& a, const std::vector<llama_token>& b);

}  // namespace argsearch

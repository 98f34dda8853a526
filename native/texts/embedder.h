#pragma once

#include <memory>
#include <vector>

#include "context/context.h"

namespace argsearch {

/// How a text's token states become one vector; kModel takes what the file's metadata says.
enum class Pooling { kModel, kMean, kCls, kLast };

struct EmbedderSettings {
  std::shared_ptr<const Model> model;
  Pooling pooling = Pooling::kModel;
  /// Longest text, tokens.
  uint32_t context_size = 512;
  /// Texts that may share a batch.
  uint32_t sequences = 16;
  ContextSettings context;
};

struct EmbedderCounters {
  uint64_t tokens = 0;
  uint64_t decodes = 0;
};

/// Sentence embeddings: whole texts through an encoder (BERT and its like) or an embedding decoder, pooled by
/// llama.cpp, scaled to length 1. Not thread-safe: one thread calls.
class Embedder {
 public:
  /// MODEL_UNSUPPORTED when neither the file nor the settings say how to pool, or the model is of another kind;
  /// OUT_OF_MEMORY.
  explicit Embedder(const EmbedderSettings& settings);

  /// One vector of dimension() a text, in the order given. PROMPT_EMPTY, PROMPT_TOO_LONG, OPTION_INVALID, ABORTED,
  /// DECODE_FAILED.
  std::vector<std::vector<float>> embed(const std::vector<std::vector<llama_token>>& texts);

  size_t dimension() const;
  EmbedderCounters counters() const { return counters_; }

 private:
  void check(const std::vector<llama_token>& text) const;
  void decode(Batch& batch);
  std::vector<float> read(llama_seq_id sequence) const;

  Context context_;
  uint32_t context_size_;
  uint32_t sequences_;
  EmbedderCounters counters_;
};

}  // namespace argsearch

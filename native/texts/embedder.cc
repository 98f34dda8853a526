#include "texts/embedder.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/assertion_guard.h"
#include "engine/log.h"
#include "error.h"

namespace argsearch {
namespace {

enum llama_pooling_type pooling_type(Pooling pooling) {
  switch (pooling) {
    case Pooling::kMean:
      return LLAMA_POOLING_TYPE_MEAN;
    case Pooling::kCls:
      return LLAMA_POOLING_TYPE_CLS;
    case Pooling::kLast:
      return LLAMA_POOLING_TYPE_LAST;
    case Pooling::kModel:
      break;
  }
  return LLAMA_POOLING_TYPE_UNSPECIFIED;
}

[[noreturn]] void unsupported(const Model& model, const std::string& why) {
  throw Error(ErrorCode::kModelUnsupported,
              model.path() + " (" + model.architecture() + ") makes no sentence embeddings: " + why);
}

void check_kind(const Model& model) {
  const LlamaApi& api = engine();
  if (api.llama_model_has_encoder(model.handle()) && api.llama_model_has_decoder(model.handle())) {
    unsupported(model, "it is an encoder with a decoder.");
  }
  if (api.llama_model_is_diffusion(model.handle())) unsupported(model, "it is a diffusion model.");
}

void check_pooling(const Model& model, enum llama_pooling_type pooling) {
  if (pooling == LLAMA_POOLING_TYPE_RANK) unsupported(model, "it is a reranker.");
  if (pooling == LLAMA_POOLING_TYPE_NONE || pooling == LLAMA_POOLING_TYPE_UNSPECIFIED) {
    unsupported(model,
                "the file does not say how to pool. Set pooling to \"mean\", \"cls\" or \"last\", as it was trained.");
  }
}

}  // namespace

Embedder::Embedder(const EmbedderSettings& settings)
    : model_(settings.model),
      threadpool_(settings.context.threadpool),
      interrupt_(settings.context.interrupt),
      context_size_(settings.context_size),
      sequences_(settings.sequences),
      batch_size_(std::max(settings.context.batch_size, settings.context_size)) {
  const LlamaApi& api = engine();
  check_kind(*model_);
  llama_context_params params = api.llama_context_default_params();
  // An encoder attends in both directions, so a text goes through in one piece.
  params.n_ctx = batch_size_;
  params.n_batch = batch_size_;
  params.n_ubatch = batch_size_;
  params.n_seq_max = sequences_;
  params.n_outputs_max = batch_size_;
  params.n_threads = settings.context.threads;
  params.n_threads_batch = settings.context.threads;
  params.pooling_type = pooling_type(settings.pooling);
  // Flash attention rounds to F16.
  if (model_->is_f32()) params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  if (model_->long_rope()) params.yarn_orig_ctx = model_->long_rope()->original_context();
  params.embeddings = true;
  params.no_perf = true;
  params.swa_full = true;
  params.kv_unified = true;
  params.abort_callback = [](void* data) { return static_cast<const Interrupt*>(data)->raised(); };
  params.abort_callback_data = interrupt_.get();

  const LogCapture log;
  const AssertionGuard guard;
  context_.reset(api.llama_init_from_model(model_->handle(), params));
  if (!context_) {
    throw Error(ErrorCode::kOutOfMemory, model_->path() + ": no context of " + std::to_string(batch_size_) +
                                             " tokens could be made (" + log.last_line("out of memory") + ").");
  }
  check_pooling(*model_, api.llama_pooling_type(context_.get()));
  if (threadpool_) api.llama_attach_threadpool(context_.get(), threadpool_->handle(), threadpool_->handle());
}

size_t Embedder::dimension() const { return static_cast<size_t>(engine().llama_model_n_embd_out(model_->handle())); }

void Embedder::check(const std::vector<llama_token>& text) const {
  if (text.empty()) throw Error(ErrorCode::kPromptEmpty, "a text to embed has no tokens.");
  if (text.size() > context_size_) {
    throw Error(ErrorCode::kPromptTooLong, "a text to embed has " + std::to_string(text.size()) +
                                               " tokens, but contextSize is " + std::to_string(context_size_) + ".");
  }
  for (const llama_token token : text) {
    if (token < 0 || token >= model_->n_vocab()) {
      throw Error(ErrorCode::kOptionInvalid, "a token is outside the vocabulary.");
    }
  }
}

std::vector<std::vector<float>> Embedder::embed(const std::vector<std::vector<llama_token>>& texts) {
  for (const auto& text : texts) check(text);
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  Batch batch;
  while (vectors.size() < texts.size()) {
    batch.clear();
    llama_seq_id sequence = 0;
    for (size_t i = vectors.size(); i < texts.size() && sequence < static_cast<llama_seq_id>(sequences_); ++i) {
      if (batch.size() + texts[i].size() > batch_size_) break;
      for (size_t position = 0; position < texts[i].size(); ++position) {
        batch.add(texts[i][position], static_cast<llama_pos>(position), sequence, true);
      }
      ++sequence;
    }
    decode(batch);
    for (llama_seq_id s = 0; s < sequence; ++s) vectors.push_back(read(s));
  }
  return vectors;
}

void Embedder::decode(Batch& batch) {
  const LlamaApi& api = engine();
  if (interrupt_->raised()) throw Error(ErrorCode::kAborted, "embedding was aborted.");
  // Encoders keep nothing; a decoder's cache must not see the batch before.
  if (llama_memory_t memory = api.llama_get_memory(context_.get())) api.llama_memory_clear(memory, /*data=*/false);
  const LogCapture log;
  const int32_t status = api.llama_decode(context_.get(), batch.view());
  if (status == 2 || interrupt_->raised()) throw Error(ErrorCode::kAborted, "embedding was aborted.");
  if (status != 0) {
    throw Error(ErrorCode::kDecodeFailed, model_->path() + ": llama.cpp failed to embed (" + std::to_string(status) +
                                              "): " + log.last_line("no reason given"));
  }
  counters_.tokens += batch.size();
  ++counters_.decodes;
}

std::vector<float> Embedder::read(llama_seq_id sequence) const {
  const float* pooled = engine().llama_get_embeddings_seq(context_.get(), sequence);
  if (pooled == nullptr) {
    throw Error(ErrorCode::kDecodeFailed, model_->path() + ": llama.cpp gave no embedding.");
  }
  std::vector<float> vector(pooled, pooled + dimension());
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
  if (!std::isfinite(squares) || squares == 0) {
    throw Error(ErrorCode::kDecodeFailed, model_->path() + ": an embedding is zero or not finite.");
  }
  const double length = std::sqrt(squares);
  for (float& value : vector) value = static_cast<float>(static_cast<double>(value) / length);
  return vector;
}

}  // namespace argsearch

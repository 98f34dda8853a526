#include "texts/embedder.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bounds.h"
#include "context/probe.h"
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

std::shared_ptr<const Model> checked(const EmbedderSettings& settings) {
  check_kind(*settings.model);
  return settings.model;
}

/// An encoder attends in both directions, so a text goes through in one piece.
ContextSettings with_room(const EmbedderSettings& settings) {
  ContextSettings context = settings.context;
  context.batch_size = std::max(context.batch_size, settings.context_size);
  return context;
}

uint32_t sequences_of(const EmbedderSettings& settings) {
  return text_sequences(settings.sequences, state_bytes(settings.model, settings.context));
}

ContextShape shape(const EmbedderSettings& settings) {
  ContextShape shape;
  shape.cells = with_room(settings).batch_size;
  shape.sequences = sequences_of(settings);
  shape.embeddings = true;
  shape.pooling = pooling_type(settings.pooling);
  return shape;
}

}  // namespace

Embedder::Embedder(const EmbedderSettings& settings)
    : context_(checked(settings), with_room(settings), shape(settings)),
      context_size_(settings.context_size),
      sequences_(sequences_of(settings)) {
  check_pooling(context_.model(), engine().llama_pooling_type(context_.handle()));
}

size_t Embedder::dimension() const {
  return static_cast<size_t>(engine().llama_model_n_embd_out(context_.model().handle()));
}

void Embedder::check(const std::vector<llama_token>& text) const {
  if (text.empty()) throw Error(ErrorCode::kPromptEmpty, "a text to embed has no tokens.");
  if (text.size() > context_size_) {
    throw Error(ErrorCode::kPromptTooLong, "a text to embed has " + std::to_string(text.size()) +
                                               " tokens, but contextSize is " + std::to_string(context_size_) + ".");
  }
  for (const llama_token token : text) {
    if (token < 0 || token >= context_.model().n_vocab()) {
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
      if (batch.size() + texts[i].size() > context_.batch_size()) break;
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
  // Encoders keep nothing; a decoder's cache must not see the batch before.
  if (context_.memory() != nullptr) engine().llama_memory_clear(context_.memory(), /*data=*/false);
  context_.decode(batch);
  counters_.tokens += batch.size();
  ++counters_.decodes;
}

std::vector<float> Embedder::read(llama_seq_id sequence) const {
  const float* pooled = engine().llama_get_embeddings_seq(context_.handle(), sequence);
  if (pooled == nullptr) {
    throw Error(ErrorCode::kDecodeFailed, context_.model().path() + ": llama.cpp gave no embedding.");
  }
  std::vector<float> vector(pooled, pooled + dimension());
  double squares = 0;
  for (const float value : vector) squares += static_cast<double>(value) * static_cast<double>(value);
  if (!std::isfinite(squares) || squares == 0) {
    throw Error(ErrorCode::kDecodeFailed, context_.model().path() + ": an embedding is zero or not finite.");
  }
  const double length = std::sqrt(squares);
  for (float& value : vector) value = static_cast<float>(static_cast<double>(value) / length);
  return vector;
}

}  // namespace argsearch

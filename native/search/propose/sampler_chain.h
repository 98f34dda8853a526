#pragma once

#include <memory>
#include <vector>

#include "engine/llama_api.h"
#include "error.h"
#include "search/propose/proposer.h"

namespace argsearch {

struct FreeSampler {
  void operator()(llama_sampler* sampler) const { engine().llama_sampler_free(sampler); }
};
using SamplerPtr = std::unique_ptr<llama_sampler, FreeSampler>;

/// What is thrown where the samplers, a grammar or a bias among them, leave no token: SAMPLERS_LEAVE_NOTHING.
Error nothing_left();

/// What a chain works in. Several may share it.
struct SamplerMemory {
  std::vector<float> logits;
  std::vector<llama_token_data> tokens;
};

/// Whose logits a sampler may change.
enum class Reach {
  /// Of tokens that were taken, by their own logits alone: it need not see the others.
  kTaken,
  kAll,
};

/// A slot's own chain of llama.cpp's samplers, with what they remember of its response.
class SamplerChain {
 public:
  /// Works in memory of its own, or that others share: a vocabulary for each slot of many adds up.
  explicit SamplerChain(std::shared_ptr<SamplerMemory> memory = std::make_shared<SamplerMemory>())
      : memory_(std::move(memory)) {}

  void add(SamplerPtr sampler, Reach reach = Reach::kAll);

  /// The tokens that are not excluded, through the chain. Entries that it took away have a logit of -infinity, or are
  /// not there. Valid until the next call of one that shares its memory.
  llama_token_data_array apply(const float* logits, size_t n_vocab, const Excluded& excluded);
  /// By id: finite logits of what the chain leaves, -infinity for all else; `logits` themselves where nothing differs.
  /// Valid as apply() says. Of logits without NaN and +infinity.
  const float* left(const float* logits, size_t n_vocab, const Excluded& excluded);
  /// The token that the slot takes.
  void accept(llama_token token);
  /// A second one that remembers the same, and works in the same memory.
  SamplerChain clone() const;

 private:
  const float* after_first(const float* logits, size_t n_vocab);

  /// The samplers that come first and reach no further than taken tokens, and the others; null where there are none.
  SamplerPtr first_;
  SamplerPtr rest_;
  /// Each once, ascending. Empty where no sampler asks.
  std::vector<llama_token> taken_;
  std::shared_ptr<SamplerMemory> memory_;
};

}  // namespace argsearch

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

/// A slot's own chain of llama.cpp's samplers, with what they remember of its response.
class SamplerChain {
 public:
  SamplerChain();

  void add(SamplerPtr sampler);

  /// The tokens that are not excluded, through the chain. Entries that it took away have a logit of -infinity, or are
  /// not there. Valid until the next call.
  llama_token_data_array apply(const float* logits, size_t n_vocab, const Excluded& excluded) {
    return apply(logits, n_vocab, excluded, tokens_);
  }
  /// The same in memory that several chains share. Valid as long as `tokens` are not touched.
  llama_token_data_array apply(const float* logits, size_t n_vocab, const Excluded& excluded,
                               std::vector<llama_token_data>& tokens);
  /// The token that the slot takes.
  void accept(llama_token token);
  /// A second one with the same memory.
  SamplerChain clone() const;

 private:
  explicit SamplerChain(SamplerPtr chain) : chain_(std::move(chain)) {}

  SamplerPtr chain_;
  std::vector<llama_token_data> tokens_;
};

}  // namespace argsearch

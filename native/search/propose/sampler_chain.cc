#include "search/propose/sampler_chain.h"

namespace argsearch {

Error nothing_left() {
  return Error(ErrorCode::kSamplersLeaveNothing,
               "the policy's samplers leave no token to go on with: loosen logitBias, grammar or jsonSchema.");
}

SamplerChain::SamplerChain() {
  const LlamaApi& api = engine();
  chain_.reset(api.llama_sampler_chain_init(api.llama_sampler_chain_default_params()));
}

void SamplerChain::add(SamplerPtr sampler) { engine().llama_sampler_chain_add(chain_.get(), sampler.release()); }

llama_token_data_array SamplerChain::apply(const float* logits, size_t n_vocab, const Excluded& excluded,
                                           std::vector<llama_token_data>& tokens) {
  tokens.clear();
  for (size_t i = 0; i < n_vocab; ++i) {
    if (excluded.empty() || !excluded[i]) tokens.push_back({static_cast<llama_token>(i), logits[i], 0.0f});
  }
  llama_token_data_array array{tokens.data(), tokens.size(), -1, false};
  engine().llama_sampler_apply(chain_.get(), &array);
  return array;
}

void SamplerChain::accept(llama_token token) { engine().llama_sampler_accept(chain_.get(), token); }

SamplerChain SamplerChain::clone() const {
  return SamplerChain(SamplerPtr(engine().llama_sampler_clone(chain_.get())));
}

}  // namespace argsearch

#include "sampler.h"

#include "error.h"

namespace argsearch {

Sampler::Sampler(int32_t top_k, float top_p, float temperature, uint32_t seed) {
  const LlamaApi& api = engine();
  chain_.reset(api.llama_sampler_chain_init(api.llama_sampler_chain_default_params()));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_top_k(top_k));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_top_p(top_p, 1));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_temp(temperature));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_dist(seed));
}

llama_token Sampler::sample(const float* logits, size_t n_vocab) {
  tokens_.resize(n_vocab);
  for (size_t i = 0; i < n_vocab; ++i) tokens_[i] = {static_cast<llama_token>(i), logits[i], 0.0f};
  llama_token_data_array array{tokens_.data(), tokens_.size(), -1, false};
  engine().llama_sampler_apply(chain_.get(), &array);
  if (array.selected < 0 || static_cast<size_t>(array.selected) >= array.size) {
    throw Error(ErrorCode::kDecodeFailed, "llama.cpp's samplers chose no token.");
  }
  return array.data[array.selected].id;
}

}  // namespace argsearch

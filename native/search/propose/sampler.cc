#include "search/propose/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "error.h"
#include "search/propose/top_k.h"

namespace argsearch {
namespace {

/// Logits divided by less could be infinite in 32 bits, and then nothing tells the best from the others.
constexpr double kLeastTemperature = 1e-30;

float usable_temperature(double temperature) {
  if (temperature < kLeastTemperature) return 0;
  return static_cast<float>(std::min<double>(temperature, std::numeric_limits<float>::max()));
}

/// llama.cpp takes one seed of all for the wish to be surprised.
uint32_t usable_seed(uint32_t seed) { return seed == LLAMA_DEFAULT_SEED ? 0x9e3779b9 : seed; }

}  // namespace

Sampler::Sampler(int32_t top_k, float top_p, double temperature, uint32_t seed, const Excluded& excluded)
    : excluded_(excluded) {
  const LlamaApi& api = engine();
  chain_.reset(api.llama_sampler_chain_init(api.llama_sampler_chain_default_params()));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_top_k(top_k));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_top_p(top_p, 1));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_temp(usable_temperature(temperature)));
  api.llama_sampler_chain_add(chain_.get(), api.llama_sampler_init_dist(usable_seed(seed)));
}

Candidates Sampler::propose(const float* logits, size_t n_vocab) {
  Candidates candidates;
  const double norm = log_sum_exp(logits, n_vocab);
  // Before the samplers, which sort: NaN has no order.
  if (!std::isfinite(norm)) return candidates;
  const llama_token token = sample(logits, n_vocab);
  const double log_prob = logits[token] - norm;
  if (!std::isfinite(log_prob)) return candidates;
  candidates.tokens = {token};
  candidates.log_probs = {log_prob};
  return candidates;
}

void Sampler::accept(llama_token token) { engine().llama_sampler_accept(chain_.get(), token); }

llama_token Sampler::sample(const float* logits, size_t n_vocab) {
  tokens_.clear();
  for (size_t i = 0; i < n_vocab; ++i) {
    if (excluded_.empty() || !excluded_[i]) tokens_.push_back({static_cast<llama_token>(i), logits[i], 0.0f});
  }
  llama_token_data_array array{tokens_.data(), tokens_.size(), -1, false};
  engine().llama_sampler_apply(chain_.get(), &array);
  if (array.selected < 0 || static_cast<size_t>(array.selected) >= array.size) {
    throw Error(ErrorCode::kDecodeFailed, "llama.cpp's samplers chose no token.");
  }
  return array.data[array.selected].id;
}

}  // namespace argsearch

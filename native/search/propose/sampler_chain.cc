#include "search/propose/sampler_chain.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace argsearch {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

Error nothing_left() {
  return Error(ErrorCode::kSamplersLeaveNothing,
               "the policy's samplers leave no token to go on with: loosen logitBias, grammar or jsonSchema.");
}

void SamplerChain::add(SamplerPtr sampler, Reach reach) {
  const LlamaApi& api = engine();
  SamplerPtr& chain = reach == Reach::kTaken && !rest_ ? first_ : rest_;
  if (!chain) chain.reset(api.llama_sampler_chain_init(api.llama_sampler_chain_default_params()));
  api.llama_sampler_chain_add(chain.get(), sampler.release());
}

/// What the first samplers make of the logits, not finite ones made -infinity; the logits themselves where they change
/// none. llama.cpp's look up every token that they are shown, a fraction of a millisecond for a whole vocabulary.
const float* SamplerChain::after_first(const float* logits, size_t n_vocab) {
  if (!first_) return logits;
  std::vector<llama_token_data>& seen = memory_->tokens;
  seen.clear();
  for (const llama_token token : taken_) {
    if (static_cast<size_t>(token) < n_vocab) seen.push_back({token, logits[token], 0.0f});
  }
  llama_token_data_array array{seen.data(), seen.size(), -1, false};
  engine().llama_sampler_apply(first_.get(), &array);
  const auto changed = [logits](const llama_token_data& token) { return token.logit != logits[token.id]; };
  if (std::none_of(seen.begin(), seen.end(), changed)) return logits;
  memory_->logits.assign(logits, logits + n_vocab);
  for (const llama_token_data& token : seen) {
    memory_->logits[static_cast<size_t>(token.id)] = std::isfinite(token.logit) ? token.logit : -kInfinity;
  }
  return memory_->logits.data();
}

llama_token_data_array SamplerChain::apply(const float* logits, size_t n_vocab, const Excluded& excluded) {
  const float* seen = after_first(logits, n_vocab);
  std::vector<llama_token_data>& tokens = memory_->tokens;
  tokens.resize(n_vocab);
  size_t size = 0;
  for (size_t i = 0; i < n_vocab; ++i) {
    if (excluded.empty() || !excluded[i]) tokens[size++] = {static_cast<llama_token>(i), seen[i], 0.0f};
  }
  llama_token_data_array array{tokens.data(), size, -1, false};
  if (rest_) engine().llama_sampler_apply(rest_.get(), &array);
  return array;
}

const float* SamplerChain::left(const float* logits, size_t n_vocab, const Excluded& excluded) {
  std::vector<float>& kept = memory_->logits;
  if (rest_) {
    const llama_token_data_array array = apply(logits, n_vocab, excluded);
    kept.assign(n_vocab, -kInfinity);
    for (const llama_token_data* token = array.data; token != array.data + array.size; ++token) {
      if (std::isfinite(token->logit)) kept[static_cast<size_t>(token->id)] = token->logit;
    }
    return kept.data();
  }
  const float* seen = after_first(logits, n_vocab);
  if (excluded.empty()) return seen;
  if (seen == logits) kept.assign(logits, logits + n_vocab);
  for (size_t i = 0; i < n_vocab; ++i) {
    if (excluded[i]) kept[i] = -kInfinity;
  }
  return kept.data();
}

void SamplerChain::accept(llama_token token) {
  if (rest_) engine().llama_sampler_accept(rest_.get(), token);
  if (!first_) return;
  engine().llama_sampler_accept(first_.get(), token);
  const auto place = std::lower_bound(taken_.begin(), taken_.end(), token);
  if (place == taken_.end() || *place != token) taken_.insert(place, token);
}

SamplerChain SamplerChain::clone() const {
  SamplerChain chain(memory_);
  if (first_) chain.first_.reset(engine().llama_sampler_clone(first_.get()));
  if (rest_) chain.rest_.reset(engine().llama_sampler_clone(rest_.get()));
  chain.taken_ = taken_;
  return chain;
}

}  // namespace argsearch

#pragma once

#include <optional>

#include "model/vocabulary.h"
#include "search/propose/sampler_chain.h"
#include "search/settings.h"

namespace argsearch {

/// Makes the samplers of a slot's response, for one vocabulary. The one of DRY takes tens of milliseconds, because it
/// looks through the vocabulary for each sequence breaker: the last one made is kept, and cloned where it fits.
class SamplerFactory {
 public:
  /// `vocabulary` outlives it.
  explicit SamplerFactory(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  /// The chain of the policy's samplers in llama.cpp's order, top-k among them unless that takes the candidates, and
  /// for Method::kSample those that draw. GRAMMAR_INVALID.
  SamplerChain chain(const SlotSettings& settings);

 private:
  /// Bans control tokens that end nothing: a grammar would match their names, which are no part of the text.
  const std::vector<llama_logit_bias>& unspoken();
  SamplerPtr grammar(const std::string& text) const;
  SamplerPtr dry(const SamplerSettings& settings);

  const Vocabulary& vocabulary_;
  /// Collected when they are first asked for.
  std::optional<std::vector<llama_logit_bias>> unspoken_;
  SamplerSettings dry_settings_;
  SamplerPtr dry_;
  /// One search proposes for one slot at a time.
  std::shared_ptr<SamplerMemory> memory_ = std::make_shared<SamplerMemory>();
};

}  // namespace argsearch

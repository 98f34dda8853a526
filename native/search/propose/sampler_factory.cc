#include "search/propose/sampler_factory.h"

#include <algorithm>
#include <limits>

#include "engine/log.h"
#include "error.h"

namespace argsearch {
namespace {

/// Logits divided by less could be infinite in 32 bits, and then nothing tells the best from the others: 0 is greedy.
constexpr double kLeastTemperature = 1e-30;

/// XTC draws once a step where a response's own draw may, too: not from the same numbers.
constexpr uint32_t kXtcSeed = 0x9e3779b9;

bool same_dry(const SamplerSettings& a, const SamplerSettings& b) {
  return a.dry_multiplier == b.dry_multiplier && a.dry_base == b.dry_base &&
         a.dry_allowed_length == b.dry_allowed_length && a.dry_penalty_last_n == b.dry_penalty_last_n &&
         a.dry_sequence_breakers == b.dry_sequence_breakers;
}

float usable_temperature(double temperature) {
  if (temperature < kLeastTemperature) return 0;
  return static_cast<float>(std::min<double>(temperature, std::numeric_limits<float>::max()));
}

/// llama.cpp takes one seed of all for the wish to be surprised.
uint32_t usable_seed(uint32_t seed) { return seed == LLAMA_DEFAULT_SEED ? 0x9e3779b9 : seed; }

}  // namespace

SamplerChain SamplerFactory::chain(const SlotSettings& settings) {
  const LlamaApi& api = engine();
  const SamplerSettings& own = settings.samplers;
  const bool draws = settings.method == Method::kSample;
  SamplerChain chain(memory_);
  const auto add = [&](llama_sampler* sampler) { chain.add(SamplerPtr(sampler)); };
  const auto add_biases = [&](const std::vector<llama_logit_bias>& biases) {
    if (biases.empty()) return;
    add(api.llama_sampler_init_logit_bias(vocabulary_.size(), static_cast<int32_t>(biases.size()), biases.data()));
  };
  add_biases(own.logit_bias);
  if (!own.grammar.empty()) {
    add_biases(unspoken());
    chain.add(grammar(own.grammar));
  }
  if (own.penalties()) {
    chain.add(SamplerPtr(api.llama_sampler_init_penalties(vocabulary_.size(), own.repeat_last_n, own.repeat_penalty,
                                                          own.frequency_penalty, own.presence_penalty)),
              Reach::kTaken);
  }
  if (own.dry()) chain.add(dry(own), Reach::kTaken);
  if (own.top_n_sigma > 0) add(api.llama_sampler_init_top_n_sigma(own.top_n_sigma));
  if (settings.method != Method::kArgs) add(api.llama_sampler_init_top_k(static_cast<int32_t>(settings.top_k)));
  if (own.top_p < 1) add(api.llama_sampler_init_top_p(own.top_p, 1));
  if (own.min_p > 0) add(api.llama_sampler_init_min_p(own.min_p, 1));
  if (own.xtc_probability > 0) {
    add(api.llama_sampler_init_xtc(own.xtc_probability, own.xtc_threshold, 1, usable_seed(settings.seed ^ kXtcSeed)));
  }
  if (own.policy_temperature != 1) add(api.llama_sampler_init_temp(usable_temperature(own.policy_temperature)));
  if (draws) {
    add(api.llama_sampler_init_temp(usable_temperature(settings.temperature)));
    add(api.llama_sampler_init_dist(usable_seed(settings.seed)));
  }
  return chain;
}

const std::vector<llama_logit_bias>& SamplerFactory::unspoken() {
  if (unspoken_) return *unspoken_;
  std::vector<llama_logit_bias>& bans = unspoken_.emplace();
  for (llama_token token = 0; token < vocabulary_.size(); ++token) {
    if (!vocabulary_.is(token, LLAMA_TOKEN_ATTR_CONTROL) || vocabulary_.ends_generation(token)) continue;
    bans.push_back({token, -std::numeric_limits<float>::infinity()});
  }
  return bans;
}

SamplerPtr SamplerFactory::grammar(const std::string& text) const {
  const LogCapture log;
  SamplerPtr sampler(engine().llama_sampler_init_grammar(vocabulary_.handle(), text.c_str(), "root"));
  if (sampler) return sampler;
  throw Error(ErrorCode::kGrammarInvalid,
              "llama.cpp cannot read the grammar: " + log.last_line("its syntax is wrong") + ".");
}

SamplerPtr SamplerFactory::dry(const SamplerSettings& settings) {
  if (!dry_ || !same_dry(settings, dry_settings_)) {
    std::vector<const char*> breakers;
    for (const std::string& text : settings.dry_sequence_breakers) breakers.push_back(text.c_str());
    dry_.reset(engine().llama_sampler_init_dry(vocabulary_.handle(), settings.dry_multiplier, settings.dry_base,
                                               settings.dry_allowed_length, settings.dry_penalty_last_n,
                                               breakers.data(), breakers.size()));
    dry_settings_ = settings;
  }
  return SamplerPtr(engine().llama_sampler_clone(dry_.get()));
}

}  // namespace argsearch

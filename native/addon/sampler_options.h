#pragma once

#include <limits>

#include "addon/convert.h"
#include "search/sampler_settings.h"

namespace argsearch {

inline float to_float(Napi::Object options, const char* name) {
  return static_cast<float>(to_number(options.Get(name), name));
}

inline int32_t to_count(Napi::Object options, const char* name) {
  return static_cast<int32_t>(to_integer(options.Get(name), name, 0, std::numeric_limits<int32_t>::max()));
}

/// NativeSamplers of src/engine/native-begin.ts.
inline SamplerSettings to_sampler_settings(Napi::Object options) {
  SamplerSettings settings;
  const std::vector<int32_t> tokens = to_int32s(options.Get("biasedTokens"), "biasedTokens");
  const std::vector<double> biases = to_doubles(options.Get("biases"), "biases");
  if (tokens.size() != biases.size()) bad_argument("biases must have one value a token");
  for (size_t i = 0; i < tokens.size(); ++i) settings.logit_bias.push_back({tokens[i], static_cast<float>(biases[i])});
  settings.grammar = to_string(options.Get("grammar"), "grammar");
  settings.repeat_last_n = to_count(options, "repeatLastN");
  settings.repeat_penalty = to_float(options, "repeatPenalty");
  settings.frequency_penalty = to_float(options, "frequencyPenalty");
  settings.presence_penalty = to_float(options, "presencePenalty");
  settings.dry_multiplier = to_float(options, "dryMultiplier");
  settings.dry_base = to_float(options, "dryBase");
  settings.dry_allowed_length = to_count(options, "dryAllowedLength");
  settings.dry_penalty_last_n = to_count(options, "dryPenaltyLastN");
  const Napi::Array breakers = to_array(options.Get("drySequenceBreakers"), "drySequenceBreakers");
  for (uint32_t i = 0; i < breakers.Length(); ++i) {
    settings.dry_sequence_breakers.push_back(to_string(breakers.Get(i), "drySequenceBreakers[i]"));
  }
  settings.top_n_sigma = to_float(options, "topNSigma");
  settings.top_p = to_float(options, "topP");
  settings.min_p = to_float(options, "minP");
  settings.xtc_probability = to_float(options, "xtcProbability");
  settings.xtc_threshold = to_float(options, "xtcThreshold");
  settings.policy_temperature = to_number(options.Get("policyTemperature"), "policyTemperature");
  return settings;
}

}  // namespace argsearch

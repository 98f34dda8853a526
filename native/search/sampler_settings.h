#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llama.h"

namespace argsearch {

/// The policy's samplers, in the order in which they are applied. The defaults are off; there are no negative windows.
struct SamplerSettings {
  std::vector<llama_logit_bias> logit_bias;
  /// GBNF with a rule "root"; empty for none.
  std::string grammar;
  int32_t repeat_last_n = 0;
  float repeat_penalty = 1;
  float frequency_penalty = 0;
  float presence_penalty = 0;
  float dry_multiplier = 0;
  float dry_base = 1.75f;
  int32_t dry_allowed_length = 2;
  int32_t dry_penalty_last_n = 0;
  std::vector<std::string> dry_sequence_breakers;
  float top_n_sigma = 0;
  float top_p = 1;
  float min_p = 0;
  float xtc_probability = 0;
  float xtc_threshold = 0.1f;
  double policy_temperature = 1;

  bool penalties() const {
    return repeat_last_n > 0 && (repeat_penalty != 1 || frequency_penalty != 0 || presence_penalty != 0);
  }
  bool dry() const { return dry_multiplier > 0 && dry_penalty_last_n > 0; }
  /// One of them changes the policy's distribution.
  bool any() const {
    return !logit_bias.empty() || !grammar.empty() || penalties() || dry() || top_n_sigma > 0 || top_p < 1 ||
           min_p > 0 || xtc_probability > 0 || policy_temperature != 1;
  }
};

}  // namespace argsearch

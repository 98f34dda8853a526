#pragma once

#include "addon/blocks.h"
#include "addon/convert.h"
#include "addon/options.h"
#include "addon/sampler_options.h"
#include "search/search.h"

namespace argsearch {

inline GateSettings to_gate_settings(Napi::Object options) {
  GateSettings settings;
  settings.gate = to_choice<Gate>(options.Get("kind"), "gate.kind",
                                  {{"off", Gate::kOff},
                                   {"bound", Gate::kBound},
                                   {"entropy", Gate::kEntropy},
                                   {"topProbability", Gate::kTopProbability},
                                   {"predicted", Gate::kPredicted},
                                   {"predictedOnly", Gate::kPredictedOnly},
                                   {"random", Gate::kRandom}});
  settings.limit = to_number(options.Get("limit"), "gate.limit");
  settings.fills = options.Get("fills").ToBoolean();
  return settings;
}

inline LookaheadSettings to_lookahead_settings(Napi::Object options) {
  LookaheadSettings settings;
  settings.steps = static_cast<size_t>(to_integer(options.Get("steps"), "lookahead.steps", 1, kMostLookahead));
  settings.adapts = options.Get("adapts").ToBoolean();
  settings.longest = static_cast<size_t>(to_integer(options.Get("longest"), "lookahead.longest", 1, INT32_MAX));
  return settings;
}

/// BeginOptions of src/engine/native-begin.ts, but for the prompts.
inline SlotSettings to_slot_settings(Napi::Object options) {
  SlotSettings settings;
  settings.method =
      to_choice<Method>(options.Get("method"), "method",
                        {{"args", Method::kArgs}, {"sample", Method::kSample}, {"blocks", Method::kBlocks}});
  const int64_t least_top_k = settings.method == Method::kArgs ? 1 : 0;
  settings.top_k = static_cast<size_t>(to_integer(options.Get("topK"), "topK", least_top_k, INT32_MAX));
  settings.weight = to_number(options.Get("weight"), "weight");
  settings.combine = to_choice<Combine>(options.Get("combine"), "combine",
                                        {{"interpolate", Combine::kInterpolate}, {"additive", Combine::kAdditive}});
  settings.select = to_choice<Select>(options.Get("select"), "select",
                                      {{"greedy", Select::kGreedy}, {"stochastic", Select::kStochastic}});
  settings.temperature = to_number(options.Get("temperature"), "temperature");
  settings.ending =
      to_choice<Ending>(options.Get("ending"), "ending",
                        {{"reward", Ending::kReward}, {"policy", Ending::kPolicy}, {"never", Ending::kNever}});
  settings.gate = to_gate_settings(to_object(options.Get("gate"), "gate"));
  if (!options.Get("lookahead").IsUndefined()) {
    settings.lookahead = to_lookahead_settings(to_object(options.Get("lookahead"), "lookahead"));
  }
  settings.samplers = to_sampler_settings(to_object(options.Get("samplers"), "samplers"));
  if (settings.method == Method::kBlocks) {
    settings.blocks = to_block_settings(to_object(options.Get("blocks"), "blocks"));
  }
  settings.rewards = !options.Get("rewardTokens").IsNull();
  settings.seed = static_cast<uint32_t>(to_integer(options.Get("seed"), "seed", 0, UINT32_MAX));
  settings.keep_candidates = options.Get("candidates").ToBoolean();
  settings.top_log_probs = static_cast<size_t>(to_integer(options.Get("topLogProbs"), "topLogProbs", 0, INT32_MAX));
  return settings;
}

/// Most tokens of a call; undefined: all.
inline size_t to_most(Napi::Value value) {
  return value.IsUndefined() ? kAllTokens : static_cast<size_t>(to_integer(value, "limit", 1, INT32_MAX));
}

/// BeginResult of src/engine/native-search.ts.
inline Napi::Value begin_to_js(Napi::Env env, const BeginResult& result) {
  std::vector<size_t> cached;
  std::vector<size_t> decoded;
  for (const PrefillCount& count : result.rewards) {
    cached.push_back(count.cached);
    decoded.push_back(count.decoded);
  }
  Napi::Object object = Napi::Object::New(env);
  set(object, "policyCached", result.policy.cached);
  set(object, "policyDecoded", result.policy.decoded);
  set(object, "rewardCached", to_js_numbers(env, cached));
  set(object, "rewardDecoded", to_js_numbers(env, decoded));
  set(object, "policyMs", result.policy_ms);
  set(object, "rewardMs", result.reward_ms);
  set(object, "done", result.done);
  return object;
}

}  // namespace argsearch

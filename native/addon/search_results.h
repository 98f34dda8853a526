#pragma once

#include "addon/blocks.h"
#include "addon/convert.h"
#include "search/search.h"

namespace argsearch {

// What the calls of a search give, as src/engine/native-search.ts has it.

inline Napi::Object candidates_to_js(Napi::Env env, const Candidates& candidates) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "tokens", to_js(env, candidates.tokens));
  set(object, "logProbs", to_js(env, candidates.log_probs));
  set(object, "rewards", to_js(env, candidates.rewards));
  set(object, "objectives", to_js(env, candidates.objectives));
  set(object, "scores", to_js(env, candidates.scores));
  if (!candidates.waits.empty()) set(object, "waits", to_js_flags(env, candidates.waits));
  return object;
}

inline Napi::Object likeliest_to_js(Napi::Env env, const Candidates& likeliest) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "tokens", to_js(env, likeliest.tokens));
  set(object, "logProbs", to_js(env, likeliest.log_probs));
  return object;
}

inline Napi::Object step_to_js(Napi::Env env, const StepResult& step) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "slot", step.slot);
  set(object, "token", step.token);
  set(object, "rank", step.rank);
  set(object, "eog", step.eog);
  set(object, "bytes", to_js_bytes(env, step.bytes));
  set(object, "logProb", step.log_prob);
  set(object, "policyLogProb", step.policy_log_prob);
  set(object, "reward", step.reward ? Napi::Number::New(env, *step.reward).As<Napi::Value>() : env.Null());
  set(object, "objectives", to_js(env, step.objectives));
  set(object, "score", step.score);
  set(object, "rated", step.rated);
  set(object, "audited", step.audited);
  set(object, "violated", step.violated);
  set(object, "predicted", step.predicted);
  set(object, "waits", step.waits);
  set(object, "full", step.full);
  set(object, "window", step.window);
  set(object, "ahead", step.ahead);
  if (step.likeliest) set(object, "topLogProbs", likeliest_to_js(env, *step.likeliest));
  if (step.candidates) set(object, "candidates", candidates_to_js(env, *step.candidates));
  return object;
}

inline Napi::Object failed_to_js(Napi::Env env, const FailedStep& step) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "slot", step.slot);
  set(object, "error", to_js_error(env, {error_code_name(step.error.code()), step.error.what()}).Value());
  return object;
}

template <class T>
Napi::Array array_to_js(Napi::Env env, const std::vector<T>& values, Napi::Object (*convert)(Napi::Env, const T&)) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array[i] = convert(env, values[i]);
  return array;
}

inline Napi::Object drafted_to_js(Napi::Env env, const DraftedSlot& slot) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "slot", slot.slot);
  set(object, "drafts", array_to_js(env, slot.drafts, draft_to_js));
  return object;
}

inline Napi::Value drafts_to_js(Napi::Env env, const DraftBatch& batch) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "slots", array_to_js(env, batch.slots, drafted_to_js));
  set(object, "failed", array_to_js(env, batch.failed, failed_to_js));
  set(object, "policyMs", batch.policy_ms);
  set(object, "rewardMs", batch.reward_ms);
  return object;
}

inline Napi::Object kept_slot_to_js(Napi::Env env, const KeptSlot& slot) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "slot", slot.slot);
  set(object, "steps", array_to_js(env, slot.steps, step_to_js));
  return object;
}

inline Napi::Value kept_to_js(Napi::Env env, const KeepBatch& batch) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "slots", array_to_js(env, batch.slots, kept_slot_to_js));
  set(object, "failed", Napi::Array::New(env, 0));
  set(object, "policyMs", batch.policy_ms);
  set(object, "rewardMs", batch.reward_ms);
  return object;
}

inline Napi::Value batch_to_js(Napi::Env env, const StepBatch& batch) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "steps", array_to_js(env, batch.steps, step_to_js));
  set(object, "failed", array_to_js(env, batch.failed, failed_to_js));
  set(object, "policyMs", batch.policy_ms);
  set(object, "rewardMs", batch.reward_ms);
  set(object, "totalMs", batch.total_ms);
  return object;
}

inline Napi::Object late_to_js(Napi::Env env, const LateRewards& late) {
  const auto reward = [env](const std::optional<LateReward>& found) -> Napi::Value {
    if (!found) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    set(object, "reward", found->reward);
    set(object, "objectives", to_js(env, found->objectives));
    return object;
  };
  Napi::Object object = Napi::Object::New(env);
  set(object, "slot", late.slot);
  set(object, "last", reward(late.last));
  set(object, "before", reward(late.before));
  return object;
}

inline Napi::Value late_batch_to_js(Napi::Env env, const LateBatch& batch) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "slots", array_to_js(env, batch.slots, late_to_js));
  set(object, "failed", Napi::Array::New(env, 0));
  set(object, "rewardMs", batch.reward_ms);
  return object;
}

}  // namespace argsearch

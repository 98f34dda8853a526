#pragma once

#include "addon/convert.h"
#include "bounds.h"
#include "search/blocks/blocks.h"

namespace argsearch {

/// NativeBlockOptions of src/engine/native-begin.ts.
inline BlockSettings to_block_settings(Napi::Object options) {
  BlockSettings settings;
  settings.drafts = static_cast<size_t>(to_integer(options.Get("drafts"), "drafts", 1, kMostDrafts));
  settings.kept = static_cast<size_t>(to_integer(options.Get("kept"), "kept", 1, kMostDrafts));
  settings.mean = options.Get("mean").ToBoolean();
  const Napi::Array ends = to_array(options.Get("readAtEnd"), "readAtEnd");
  for (uint32_t i = 0; i < ends.Length(); ++i) settings.read_at_end.push_back(ends.Get(i).ToBoolean());
  const Napi::Array stop = to_array(options.Get("stop"), "stop");
  for (uint32_t i = 0; i < stop.Length(); ++i) settings.stop.push_back(to_string(stop.Get(i), "stop[i]"));
  return settings;
}

/// NativeDraft of src/engine/native-search.ts.
inline Napi::Object draft_to_js(Napi::Env env, const DraftResult& draft) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "tokens", to_js(env, draft.tokens));
  set(object, "logProbs", to_js(env, draft.log_probs));
  set(object, "policyLogProbs", to_js(env, draft.policy_log_probs));
  set(object, "bytes", to_js_bytes(env, draft.text));
  set(object, "end", draft.end);
  set(object, "objectives", to_js(env, draft.objectives));
  set(object, "reward", draft.reward ? Napi::Number::New(env, *draft.reward).As<Napi::Value>() : env.Null());
  return object;
}

}  // namespace argsearch

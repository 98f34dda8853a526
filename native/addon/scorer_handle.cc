#include "addon/scorer_handle.h"

#include "addon/model_handle.h"
#include "addon/options.h"
#include "bounds.h"

namespace argsearch {
namespace {

ScorerSettings to_scorer_settings(Napi::Object options) {
  ScorerSettings settings;
  settings.context = to_context_settings(options);
  settings.model = ModelHandle::model_of(options.Get("model"), "model");
  settings.kind = to_reward_kind(options.Get("kind"));
  settings.context_size = static_cast<uint32_t>(to_integer(options.Get("contextSize"), "contextSize", 1, 1 << 28));
  settings.sequences = static_cast<uint32_t>(to_integer(options.Get("sequences"), "sequences", 1, kMaxSequences));
  return settings;
}

Napi::Value scores_to_js(Napi::Env env, const std::vector<SequenceScore>& scores) {
  Napi::Array array = Napi::Array::New(env, scores.size());
  for (uint32_t i = 0; i < scores.size(); ++i) {
    Napi::Object object = Napi::Object::New(env);
    set(object, "rewards", to_js(env, scores[i].rewards));
    if (!scores[i].hidden.empty()) set(object, "hidden", to_js(env, scores[i].hidden));
    array[i] = object;
  }
  return array;
}

}  // namespace

Napi::Function ScorerHandle::define(Napi::Env env) {
  return DefineClass(env, "NativeScorer", methods({InstanceMethod<&ScorerHandle::score>("score")}));
}

Napi::Value ScorerHandle::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object options = to_object(info[0], "options");
    return create_with(info.Env(), options, to_scorer_settings(options), &Environment::scorer_class);
  });
}

Napi::Value ScorerHandle::score(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Array items = to_array(info[0], "sequences");
    std::vector<ScoreSequence> sequences;
    for (uint32_t i = 0; i < items.Length(); ++i) {
      const Napi::Object item = to_object(items.Get(i), "sequences[i]");
      sequences.push_back({to_int32s(item.Get("tokens"), "tokens"), to_int32s(item.Get("positions"), "positions")});
    }
    const bool hidden = info[1].ToBoolean();
    return run(
        info, CancelHandle::flag_of(info[2]),
        [sequences = std::move(sequences), hidden](Scorer& scorer) { return scorer.score(sequences, hidden); },
        scores_to_js);
  });
}

Napi::Value ScorerHandle::counters_to_js(Napi::Env env, const ScorerCounters& counters) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "tokens", counters.tokens);
  set(object, "decodes", counters.decodes);
  return object;
}

}  // namespace argsearch

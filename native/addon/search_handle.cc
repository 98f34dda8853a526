#include "addon/search_handle.h"

#include "addon/begin.h"
#include "addon/model_handle.h"
#include "addon/options.h"
#include "addon/search_results.h"
#include "bounds.h"

namespace argsearch {
namespace {

/// NativeRewardSource of src/engine/native-search.ts.
RewardSource to_reward_source(Napi::Object object, const std::shared_ptr<const Model>& policy) {
  const auto is_policy = [](Napi::Value value, const char* name) {
    return value.IsString() && to_choice<bool>(value, name, {{"policy", true}});
  };
  RewardSource source;
  const Napi::Value model = object.Get("model");
  source.model_is_policy = is_policy(model, "model");
  source.model = source.model_is_policy ? policy : ModelHandle::model_of(model, "model");
  source.weights = to_doubles(object.Get("weights"), "weights");
  source.kind = to_reward_kind(object.Get("kind"));
  const Napi::Value base = object.Get("base");
  source.base_is_policy = is_policy(base, "base");
  if (!source.base_is_policy && !base.IsUndefined()) source.base = ModelHandle::model_of(base, "base");
  if (object.Get("retokenise").ToBoolean()) source.writer = policy;
  return source;
}

SearchSettings to_search_settings(Napi::Object options) {
  SearchSettings settings;
  settings.context = to_context_settings(options);
  settings.policy = ModelHandle::model_of(options.Get("policy"), "policy");
  settings.slots = static_cast<uint32_t>(to_integer(options.Get("slots"), "slots", 1, kMaxSlots));
  settings.context_size = static_cast<uint32_t>(to_integer(options.Get("contextSize"), "contextSize", 1, 1 << 28));
  settings.share_trunk = options.Get("shareTrunk").ToBoolean();
  if (const Napi::Value given = options.Get("slotsPerContext"); !given.IsUndefined()) {
    const Napi::Object most = to_object(given, "slotsPerContext");
    const auto read = [&](const char* name) {
      return static_cast<uint32_t>(to_integer(most.Get(name), name, 1, kMaxSlots));
    };
    settings.slots_per_context = {read("policy"), read("rewards")};
  }
  const Napi::Array rewards = to_array(options.Get("rewards"), "rewards");
  for (uint32_t i = 0; i < rewards.Length(); ++i) {
    settings.rewards.push_back(to_reward_source(to_object(rewards.Get(i), "rewards[i]"), settings.policy));
  }
  return settings;
}

template <class T>
std::vector<std::vector<T>> to_arrays(Napi::Value value, const char* name,
                                      std::vector<T> (*convert)(Napi::Value, const char*)) {
  const Napi::Array arrays = to_array(value, name);
  const std::string each = std::string(name) + "[i]";
  std::vector<std::vector<T>> converted;
  for (uint32_t i = 0; i < arrays.Length(); ++i) converted.push_back(convert(arrays.Get(i), each.c_str()));
  return converted;
}

std::vector<std::vector<double>> to_rewards(Napi::Value value) { return to_arrays(value, "rewards", to_doubles); }

std::vector<size_t> to_lengths(Napi::Value value) { return to_indices(value, "tokens"); }

const CancelHandle::Flag kNoCancel;

}  // namespace

Napi::Function SearchHandle::define(Napi::Env env) {
  return DefineClass(
      env, "NativeSearch",
      methods({InstanceMethod<&SearchHandle::begin>("begin"), InstanceMethod<&SearchHandle::prefill>("prefill"),
               InstanceMethod<&SearchHandle::step>("step"), InstanceMethod<&SearchHandle::propose>("propose"),
               InstanceMethod<&SearchHandle::commit>("commit"), InstanceMethod<&SearchHandle::rate_end>("rateEnd"),
               InstanceMethod<&SearchHandle::draft>("draft"), InstanceMethod<&SearchHandle::keep>("keep"),
               InstanceMethod<&SearchHandle::clear>("clear"), InstanceMethod<&SearchHandle::cache_bytes>("cacheBytes"),
               InstanceMethod<&SearchHandle::shares_trunk>("sharesTrunk")}));
}

Napi::Value SearchHandle::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object options = to_object(info[0], "options");
    return create_with(info.Env(), options, to_search_settings(options), &Environment::search_class);
  });
}

Napi::Value SearchHandle::counters_to_js(Napi::Env env, const SearchCounters& counters) {
  Napi::Object object = Napi::Object::New(env);
  set(object, "steps", counters.steps);
  set(object, "policyTokens", counters.policy_tokens);
  set(object, "policyPrefillTokens", counters.policy_prefill_tokens);
  set(object, "policySharedTokens", counters.policy_shared_tokens);
  set(object, "rewardTokens", counters.reward_tokens);
  set(object, "rewardPrefillTokens", counters.reward_prefill_tokens);
  set(object, "rewardSharedTokens", counters.reward_shared_tokens);
  set(object, "policyDecodes", counters.policy_decodes);
  set(object, "rewardDecodes", counters.reward_decodes);
  set(object, "rewardProjections", counters.reward_projections);
  set(object, "decodeMs", counters.decode_ms);
  return object;
}

Napi::Value SearchHandle::begin(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto slot = static_cast<size_t>(to_integer(info[0], "slot", 0, kMaxSlots - 1));
    const Napi::Object options = to_object(info[1], "options");
    SlotSettings settings = to_slot_settings(options);
    if (const Napi::Value ends = options.Get("rewardEnds"); !ends.IsUndefined()) {
      settings.reward_ends = to_arrays(ends, "rewardEnds", to_int32s);
    }
    const std::vector<int32_t> policy_tokens = to_int32s(options.Get("policyTokens"), "policyTokens");
    const size_t most = to_most(options.Get("limit"));
    std::vector<std::vector<llama_token>> reward_tokens;
    if (settings.rewards) reward_tokens = to_arrays(options.Get("rewardTokens"), "rewardTokens", to_int32s);
    return run(
        info, CancelHandle::flag_of(options.Get("cancel")),
        [=](Search& search) { return search.begin(slot, policy_tokens, reward_tokens, settings, most); }, begin_to_js);
  });
}

Napi::Value SearchHandle::prefill(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto slot = static_cast<size_t>(to_integer(info[0], "slot", 0, kMaxSlots - 1));
    const Napi::Object options = to_object(info[1], "options");
    const size_t most = to_most(options.Get("limit"));
    return run(
        info, CancelHandle::flag_of(options.Get("cancel")), [=](Search& search) { return search.prefill(slot, most); },
        begin_to_js);
  });
}

template <class Given, class Work, class Convert>
Napi::Value SearchHandle::run_with(const Napi::CallbackInfo& info, Given (*read)(Napi::Value), Work work,
                                   Convert convert) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return run(
        info, kNoCancel,
        [slots = to_indices(info[0], "slots"), given = read(info[1]), work](Search& search) {
          return work(search, slots, given);
        },
        convert);
  });
}

Napi::Value SearchHandle::advance(const Napi::CallbackInfo& info,
                                  StepBatch (Steps::*advance)(const std::vector<size_t>&)) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return run(
        info, kNoCancel,
        [slots = to_indices(info[0], "slots"), advance](Search& search) { return (search.steps().*advance)(slots); },
        batch_to_js);
  });
}

Napi::Value SearchHandle::step(const Napi::CallbackInfo& info) { return advance(info, &Steps::step); }

Napi::Value SearchHandle::propose(const Napi::CallbackInfo& info) { return advance(info, &Steps::propose); }

Napi::Value SearchHandle::commit(const Napi::CallbackInfo& info) {
  return run_with(
      info, to_rewards,
      [](Search& search, const auto& slots, const auto& rewards) { return search.steps().commit(slots, rewards); },
      batch_to_js);
}

Napi::Value SearchHandle::rate_end(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return run(
        info, kNoCancel,
        [slots = to_indices(info[0], "slots")](Search& search) { return search.steps().rate_end(slots); },
        late_batch_to_js);
  });
}

Napi::Value SearchHandle::draft(const Napi::CallbackInfo& info) {
  return run_with(
      info, to_lengths,
      [](Search& search, const auto& slots, const auto& tokens) { return search.blocks().draft(slots, tokens); },
      drafts_to_js);
}

Napi::Value SearchHandle::keep(const Napi::CallbackInfo& info) {
  return run_with(
      info, to_rewards,
      [](Search& search, const auto& slots, const auto& rewards) { return search.blocks().keep(slots, rewards); },
      kept_to_js);
}

Napi::Value SearchHandle::clear(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto slot = static_cast<size_t>(to_integer(info[0], "slot", 0, kMaxSlots - 1));
    return run(
        info, kNoCancel,
        [slot](Search& search) {
          search.clear(slot);
          return true;
        },
        [](Napi::Env js, bool) { return js.Undefined(); });
  });
}

Napi::Value SearchHandle::shares_trunk(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return run(
        info, kNoCancel, [](Search& search) { return search.shares_trunk(); },
        [](Napi::Env js, bool shares) { return Napi::Boolean::New(js, shares); });
  });
}

Napi::Value SearchHandle::cache_bytes(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    using Bytes = std::pair<size_t, std::vector<size_t>>;
    return run(
        info, kNoCancel, [](Search& search) { return Bytes(search.policy_cache_bytes(), search.reward_cache_bytes()); },
        [](Napi::Env js, const Bytes& bytes) -> Napi::Value {
          Napi::Object object = Napi::Object::New(js);
          set(object, "policy", bytes.first);
          set(object, "rewards", to_js_numbers(js, bytes.second));
          return object;
        });
  });
}

}  // namespace argsearch

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "addon/convert.h"
#include "context/context.h"
#include "search/reward/token_values.h"

namespace argsearch {

/// The C++ value of a string option.
template <class T, size_t N>
T to_choice(Napi::Value value, const char* name, const std::pair<const char*, T> (&choices)[N]) {
  const std::string text = to_string(value, name);
  for (const auto& [word, choice] : choices) {
    if (text == word) return choice;
  }
  bad_argument(std::string(name) + " cannot be \"" + text + "\"");
}

/// "head" where it is not given.
inline RewardKind to_reward_kind(Napi::Value value) {
  if (value.IsUndefined()) return RewardKind::kHead;
  return to_choice<RewardKind>(
      value, "kind", {{"head", RewardKind::kHead}, {"logProb", RewardKind::kLogProb}, {"logit", RewardKind::kLogit}});
}

/// ContextOptions of src/engine/binding.ts, with a thread pool and an interrupt of their own.
inline ContextSettings to_context_settings(Napi::Object options) {
  ContextSettings settings;
  settings.threads = static_cast<int>(to_integer(options.Get("threads"), "threads", 1, 512));
  settings.batch_size = static_cast<uint32_t>(to_integer(options.Get("batchSize"), "batchSize", 1, 1 << 16));
  settings.kv_type = to_choice<KvType>(
      options.Get("kvType"), "kvType",
      {{"auto", KvType::kAuto}, {"f32", KvType::kF32}, {"f16", KvType::kF16}, {"q8_0", KvType::kQ8_0}});
  if (const Napi::Value given = options.Get("flashAttention"); !given.IsUndefined()) {
    settings.flash_attention = to_choice<FlashAttention>(
        given, "flashAttention",
        {{"auto", FlashAttention::kAuto}, {"on", FlashAttention::kOn}, {"off", FlashAttention::kOff}});
  }
  settings.interrupt = std::make_shared<Interrupt>();
  return settings;
}

}  // namespace argsearch

#pragma once

#include "embedded.h"
#include "search/search.h"

namespace argsearch::test {

/// The model of the tests as policy and as reward model, in contexts of their own unless they share one.
inline SearchSettings search_settings(uint32_t slots, bool share_trunk = false) {
  SearchSettings settings;
  settings.policy = load_model();
  settings.rewards.push_back({settings.policy, {1.0}});
  settings.slots = slots;
  settings.context_size = 64;
  settings.share_trunk = share_trunk;
  settings.context = context_settings();
  return settings;
}

inline const std::vector<llama_token> kPrompt = {1, 2, 3, 4};

}  // namespace argsearch::test

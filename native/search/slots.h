#pragma once

#include <string>
#include <vector>

#include "error.h"

namespace argsearch {

/// OPTION_INVALID for a slot that there is not or that is named twice, BUSY for one in another phase than `phase`.
template <class State>
void check_slots(const std::vector<State>& states, const std::vector<size_t>& slots, typename State::Phase phase) {
  std::vector<bool> seen(states.size(), false);
  for (const size_t slot : slots) {
    if (slot >= states.size() || seen[slot]) {
      throw Error(ErrorCode::kOptionInvalid, "no such slot, or one named twice.");
    }
    seen[slot] = true;
    if (states[slot].phase != phase) {
      throw Error(ErrorCode::kBusy, "slot " + std::to_string(slot) + " is in another phase.");
    }
  }
}

/// What is thrown where a slot's context has no room for another token: PROMPT_TOO_LONG.
inline Error slot_full(size_t slot) {
  return Error(ErrorCode::kPromptTooLong, "slot " + std::to_string(slot) + " is full; raise contextSize.");
}

}  // namespace argsearch

#pragma once

#include "search/step.h"

namespace argsearch {

/// ln sum exp of the policy's logits, which its candidates were made with.
inline double log_norm(const SlotStep& slot) {
  return slot.logits[slot.candidates.tokens[0]] - slot.candidates.policy_log_probs[0];
}

}  // namespace argsearch

#pragma once

#include "search/step.h"

namespace argsearch {

/// The slots of a step that have this gate, and of which nothing is decided or rated yet.
inline StepPart served(Step& step, Gate gate) {
  StepPart slots;
  for (SlotStep& slot : step) {
    if (slot.state->settings.gate.gate != gate || !slot.candidates.rewarded()) continue;
    if (!slot.chosen && !slot.gated && !slot.begun()) slots.push_back(&slot);
  }
  return slots;
}

}  // namespace argsearch

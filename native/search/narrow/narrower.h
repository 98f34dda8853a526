#pragma once

#include "search/reward/rewarder.h"

namespace argsearch {

/// Closes candidates that cannot win, before each wave: what is closed is not rated. It may look at the
/// log-probabilities and at the rewards of earlier waves, leaves every slot a candidate, and opens none again
/// (WaveFilling, the last one, may). A gate is one that serves the slots whose settings name it, and may spare the
/// reward models a whole step (SlotStep::gated).
class Narrower {
 public:
  virtual ~Narrower() = default;
  virtual void narrow(Step& step) = 0;
  /// Is told what the decode of a wave took.
  virtual void rated(const Wave& /*wave*/, double /*ms*/) {}
  /// Is told what was chosen, with the scores of all that were rated.
  virtual void learn(const StepPart& /*chosen*/) {}
};

}  // namespace argsearch

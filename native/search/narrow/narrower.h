#pragma once

#include "search/step.h"

namespace argsearch {

/// Closes candidates that cannot win, before each wave: what is closed is not rated. It may look at the
/// log-probabilities and at the rewards of earlier waves, and leaves every slot a candidate.
class Narrower {
 public:
  virtual ~Narrower() = default;
  virtual void narrow(Step& step) = 0;
};

}  // namespace argsearch

#pragma once

#include "search/narrow/narrower.h"
#include "search/narrow/served.h"

namespace argsearch {

/// Spares the reward models a share of the steps, drawn blindly: what a gate that looks is to be better than.
class RandomShare : public Narrower {
 public:
  void narrow(Step& step) override {
    for (SlotStep* slot : served(step, Gate::kRandom)) slot->gated = slot->draw < slot->state->settings.gate.limit;
  }
};

}  // namespace argsearch

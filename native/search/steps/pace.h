#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search/reward/batch_costs.h"

namespace argsearch {

/// One slot's part of a choice.
struct Paced {
  /// Candidates of a step.
  size_t candidates;
  /// Most steps that it may look at in one window.
  size_t most;
  /// How often its likeliest candidate is taken, from 0 to 1.
  double acceptance;
  /// It adapts; else its length is given.
  bool adapts;
  /// Steps of its next window.
  size_t length = 1;
};

/// How many steps of a window pay: those with the fewest milliseconds a token that may be expected to be taken. Costs
/// are those of the decodes so far.
class Pace {
 public:
  /// Sets the lengths of slots that share a context's batches. `first_decoded`: the policy has a decode for the first
  /// step of a window, too, as for each of the others.
  void choose(std::vector<Paced>& slots, bool first_decoded = true);
  /// Of the policy, for so many slots at once; of the reward models, for so many candidates.
  void decoded(size_t slots, double ms) { policy_.add(slots, ms); }
  void rated(size_t candidates, double ms) { reward_.add(candidates, ms); }

 private:
  double cost(const std::vector<Paced>& slots, bool first_decoded) const;

  BatchCosts policy_;
  BatchCosts reward_;
  /// Choices since one more step than paid was last tried.
  uint64_t untried_ = 0;
  /// Choices of more than one step since one was tried.
  uint64_t since_one_ = 0;
};

}  // namespace argsearch

#pragma once

#include <optional>

#include "search/reward/rewarder.h"

namespace argsearch {

/// Where the candidates of a slot's steps get their rewards from. The stages of a step call it with slots of any
/// kind; each acts on its own alone.
class StepRewards {
 public:
  virtual ~StepRewards() = default;

  /// Tokens of a slot that the fullest model holds.
  virtual size_t length(size_t slot) const = 0;
  /// Makes room for what rate() fills in.
  virtual void open(SlotStep& slot) const = 0;
  /// next_wave() of its contexts and slots.
  virtual std::optional<Wave> next_wave(const StepPart& slots) const = 0;
  /// Fills objectives and rewards of the wave's candidates.
  virtual void rate(const Wave& wave) = 0;
  /// Each slot takes the candidate it has chosen.
  virtual void commit(const StepPart& slots) = 0;
};

}  // namespace argsearch

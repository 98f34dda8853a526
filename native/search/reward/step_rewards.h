#pragma once

#include <vector>

#include "context/lanes.h"
#include "search/reward/waves.h"

namespace argsearch {

/// Where the candidates of a slot's steps get their rewards from. The stages of a step call it with slots of any
/// kind; each acts on its own alone.
class StepRewards {
 public:
  virtual ~StepRewards() = default;

  /// Labels of all models.
  virtual size_t n_objectives() const = 0;
  /// The weighted sum of n_objectives() values. OPTION_INVALID when it is not finite.
  virtual double sum(const double* objectives) const = 0;
  /// Tokens of a slot that the fullest model holds, those that it took unrated among them.
  virtual size_t length(size_t slot) const = 0;
  /// What can be decoded of the slots' next wave before the policy has named the candidates: beside the policy's own
  /// decode. Its contexts are none of the policy's; what is left undone, rate() does.
  virtual std::vector<Work> beside_policy(const StepPart& /*slots*/) { return {}; }
  /// Makes room for what rate() fills in. The policy has decoded by then.
  virtual void open(SlotStep& slot) = 0;
  virtual const WaveLayout& layout() const = 0;
  /// next_waves() of its contexts and slots.
  std::vector<Wave> next_waves(const StepPart& slots) const { return argsearch::next_waves(slots, layout()); }
  /// Fills objectives and rewards of the waves' candidates. The waves are of different contexts.
  virtual void rate(const std::vector<Wave>& waves) = 0;
  /// Each slot takes the candidate it has chosen.
  virtual void commit(const StepPart& slots) = 0;

  /// The candidates of windows of one context, as rate() does it, in one decode.
  virtual void rate_ahead(const std::vector<Window*>& windows) = 0;
  /// Each slot takes the tokens of its window that are taken.
  virtual void commit_ahead(const std::vector<Window*>& windows) = 0;
  /// What it commits is decoded for the policy as well.
  virtual bool decodes_for_policy() const { return false; }

  /// How many tokens at a slot's end were taken unrated, and are yet to be read.
  virtual size_t pending(size_t slot) const = 0;
  /// Reads them: a row of n_objectives() values for each of the last `read` tokens of a slot.
  virtual std::vector<double> catch_up(const std::vector<CatchUp>& slots) = 0;
  /// Makes state() say where the slots are. What they took unrated is decoded, all of it in one batch if that fits.
  virtual void read_states(const std::vector<size_t>& slots) = 0;
  /// Of a slot that began with its states to be read, behind read_states(): what a model has as the final-norm hidden
  /// state of its last token, n_embd values; valid until commit().
  virtual const float* state(size_t term, size_t slot) const = 0;
  /// The values of the token before the slot's last, if it was taken unrated and has been read since; else none.
  virtual std::vector<double> before_last(size_t slot) const = 0;
};

}  // namespace argsearch

#pragma once

#include <memory>
#include <vector>

#include "search/narrow/guesser.h"
#include "search/narrow/narrower.h"
#include "search/reward/reward_sum.h"

namespace argsearch {

/// How far a predictor's guesses can be trusted, as the search goes on.
class PredictorAudit {
 public:
  /// A reward that was guessed and is known by now: the error over the root mean square that such errors have had.
  void add_error(double relative);
  /// A step in which all were rated: whether the gate would have closed the winner, and which rate of that is allowed.
  void add_audit(bool violated, double allowed);

  /// By what z is multiplied: 1 until rewards are guessed worse than when the predictor was made, or a promise is
  /// broken.
  double widening() const;

 private:
  double errors_ = 0;
  double mean_square_ = 0;
  double audits_ = 0;
  double violations_ = 0;
  double allowed_ = 0;
  double broken_ = 1;
};

/// Closes candidates that cannot win, as a predictor guesses their rewards out of the reward model's hidden state at
/// the prefix's end and their token embeddings: those whose guess plus z deviations of such guesses scores below the
/// best guess. With Gate::kPredictedOnly all but the best.
///
/// A share of the steps is rated whole to see whether it would have been right, and what was guessed of each token that
/// is taken is compared with the reward as the next step finds it; either widens z.
class Predicted : public Narrower {
 public:
  /// `rewards` outlives it: the models, whoever reads them for a slot.
  explicit Predicted(const RewardSum& rewards) : rewards_(rewards) {}

  void narrow(Step& step) override;
  void learn(const StepPart& chosen) override;

 private:
  void make_guessers();
  void guess(SlotStep& slot);
  double reach(const SlotStep& slot) const;
  double deviation() const;

  const RewardSum& rewards_;
  /// One a reward model, made when first asked.
  std::vector<std::unique_ptr<Guesser>> guessers_;
  PredictorAudit audit_;
};

/// Which candidates may win if a reward may be `reach` above its guess, beside the best. `guesses` are of rewards.
std::vector<bool> may_win(const SlotStep& slot, const std::vector<double>& guesses, double reach);

}  // namespace argsearch

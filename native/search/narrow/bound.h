#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "search/narrow/narrower.h"

namespace argsearch {

/// Closes candidates that are too unlikely to win. With scores a ln P + w r (a = 1 - w, or 1), the candidate i beats
/// the likeliest only if a (lp_1 - lp_i) < w (r_i - r_1): with a bound B on what a winner's reward has over that of the
/// likeliest candidate, only those within w / a * B nats of it may win. That reach is what is learned, of the steps
/// that are rated: the deepest winner yet, with a margin. The first steps are all rated, and later ones at random, to
/// see whether what would have been closed has won; that widens the reach.
class Bound : public Narrower {
 public:
  void narrow(Step& step) override;
  void learn(const StepPart& chosen) override;

 private:
  /// What is learned of one way to score.
  struct Reach {
    uint64_t rated = 0;
    /// Nats below the likeliest candidate at which the deepest winner was.
    double deepest = 0;
  };
  /// weight, combine, ending, top_k
  using Scoring = std::tuple<double, Combine, Ending, size_t>;

  Reach& reach(const SlotStep& slot);

  std::map<Scoring, Reach> reaches_;
};

}  // namespace argsearch

#pragma once

#include <map>
#include <utility>

#include "search/narrow/narrower.h"
#include "search/reward/batch_costs.h"

namespace argsearch {

/// Opens candidates again that a gate has closed, those first that lag least, where a decode of so many more was seen
/// to take no longer: what it may get wrong gets less for nothing. Kernels compute blocks of tokens, GPUs many at once.
///
/// Learned from the waves that are decoded anyway, for each context, and remembered as long as the search.
class WaveFilling : public Narrower {
 public:
  void narrow(Step& step) override;
  void rated(const Wave& wave, double ms) override;

 private:
  using Place = std::pair<const StepRewards*, size_t>;
  std::map<Place, BatchCosts> costs_;
};

/// The most candidates, up to `most`, whose decode takes what that of `candidates` does, within 3 %; `candidates` where
/// either is not known.
size_t free_size(const BatchCosts& costs, size_t candidates, size_t most);

}  // namespace argsearch

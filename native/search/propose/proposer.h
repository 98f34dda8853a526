#pragma once

#include <memory>
#include <vector>

#include "search/candidates.h"
#include "search/propose/excluded.h"
#include "search/settings.h"

namespace argsearch {

/// Names the tokens that a slot may take next. One a slot, so it may remember what the slot took before.
class Proposer {
 public:
  virtual ~Proposer() = default;

  /// Candidates with their log-probabilities (excluded tokens keep theirs, unless there are samplers), in their
  /// descending order; none when the logits are not finite numbers (-infinity aside). SAMPLERS_LEAVE_NOTHING.
  virtual Candidates propose(const float* logits, size_t n_vocab) = 0;

  /// The token that the slot takes.
  virtual void accept(llama_token /*token*/) {}

  /// A second one with the same memory, also of what it draws.
  virtual std::unique_ptr<Proposer> clone() const = 0;
};

class SamplerFactory;

/// `excluded` outlives the proposer. GRAMMAR_INVALID.
std::unique_ptr<Proposer> make_proposer(const SlotSettings& settings, SamplerFactory& samplers,
                                        const Excluded& excluded);

}  // namespace argsearch

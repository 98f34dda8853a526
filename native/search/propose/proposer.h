#pragma once

#include <memory>
#include <vector>

#include "search/candidates.h"
#include "search/settings.h"

namespace argsearch {

/// By id: true for tokens that are never proposed, because a reward model does not know them. Empty for none.
using Excluded = std::vector<bool>;

/// Names the tokens that a slot may take next. One a slot, so it may remember what the slot took before.
class Proposer {
 public:
  virtual ~Proposer() = default;

  /// Candidates with log-probabilities over the whole vocabulary (excluded tokens keep theirs), in their descending
  /// order; none when the logits are not finite numbers (-infinity aside).
  virtual Candidates propose(const float* logits, size_t n_vocab) = 0;

  /// The token that the slot takes.
  virtual void accept(llama_token /*token*/) {}
};

/// `excluded` outlives the proposer.
std::unique_ptr<Proposer> make_proposer(const SlotSettings& settings, const Excluded& excluded);

}  // namespace argsearch

#include "search/narrow/top_probability.h"

#include <cmath>

#include "search/narrow/policy_distribution.h"
#include "search/narrow/served.h"
#include "search/propose/log_sum_exp.h"

namespace argsearch {

void TopProbability::narrow(Step& step) {
  for (SlotStep* slot : served(step, Gate::kTopProbability)) {
    const double most = highest(slot->logits, slot->n_vocab);
    slot->gated = std::exp(most - log_norm(*slot)) >= slot->state->settings.gate.limit;
  }
}

}  // namespace argsearch

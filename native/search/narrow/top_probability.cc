#include "search/narrow/top_probability.h"

#include <algorithm>
#include <cmath>

#include "search/narrow/policy_distribution.h"
#include "search/narrow/served.h"

namespace argsearch {

void TopProbability::narrow(Step& step) {
  for (SlotStep* slot : served(step, Gate::kTopProbability)) {
    const double most = *std::max_element(slot->logits, slot->logits + slot->n_vocab);
    slot->gated = std::exp(most - log_norm(*slot)) >= slot->state->settings.gate.limit;
  }
}

}  // namespace argsearch

#include "search/narrow/entropy.h"

#include <cmath>

#include "search/narrow/policy_distribution.h"
#include "search/narrow/served.h"

namespace argsearch {

double entropy(const float* logits, size_t n_vocab, double log_norm) {
  double sum = 0;
  for (size_t i = 0; i < n_vocab; ++i) {
    const double log_prob = logits[i] - log_norm;
    // Of what is rarer all tokens together add less than a millionth.
    if (log_prob > -36) sum -= std::exp(log_prob) * log_prob;
  }
  return sum;
}

void Entropy::narrow(Step& step) {
  for (SlotStep* slot : served(step, Gate::kEntropy)) {
    const double nats = entropy(slot->logits, slot->n_vocab, log_norm(*slot));
    slot->gated = nats <= slot->state->settings.gate.limit;
  }
}

}  // namespace argsearch

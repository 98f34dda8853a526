#include "search/narrow/entropy.h"

#include <cmath>

#include "search/narrow/served.h"
#include "search/propose/exponentials.h"
#include "search/propose/log_sum_exp.h"

namespace argsearch {

double entropy(const float* logits, size_t n_vocab) {
  // With x = logit - most and z = sum e^x, p is e^x / z.
  const float most = highest(logits, n_vocab);
  LaneSum z;
  LaneSum weighted;
  for (size_t i = 0; i < n_vocab; i += kBlock) {
    const Block x = exponents(logits + i, n_vocab - i, most);
    Block e = exponentials(x);
    z.add(e);
    for (size_t j = 0; j < kBlock; ++j) e[j] *= x[j];
    weighted.add(e);
  }
  return std::log(z.total()) - weighted.total() / z.total();
}

void Entropy::narrow(Step& step) {
  for (SlotStep* slot : served(step, Gate::kEntropy)) {
    const double nats = entropy(slot->logits, slot->n_vocab);
    slot->gated = nats <= slot->state->settings.gate.limit;
  }
}

}  // namespace argsearch

#pragma once

#include <cstddef>

namespace argsearch {

/// The highest of them, NaN passed over; -infinity where there is none.
float highest(const float* values, size_t n);

/// ln sum exp of logits; not finite when one is NaN or +infinity, or all are -infinity.
double log_sum_exp(const float* logits, size_t n_vocab);

}  // namespace argsearch

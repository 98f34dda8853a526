#include "search/reward/token_values.h"

#include "search/propose/log_sum_exp.h"

namespace argsearch {

TokenValues::TokenValues(RewardKind kind, const float* logits, size_t n_vocab)
    : logits_(logits), norm_(kind == RewardKind::kLogProb ? log_sum_exp(logits, n_vocab) : 0) {}

}  // namespace argsearch

#pragma once

#include <string>
#include <vector>

#include "model/vocabulary.h"

namespace argsearch {

/// How two vocabularies differ, in words; empty when `judge` can read what `policy` writes. Both may have unused rows
/// and control tokens of their own, or other names for control tokens, as long as these do not end a turn for one of
/// them only. Every id that both use is the same token.
std::string vocabulary_difference(const Vocabulary& judge, const Vocabulary& policy);

/// The vocabulary has no such row, or has never used it.
bool lacks(const Vocabulary& vocabulary, llama_token token);

/// Which ids of a policy the others lack; empty when they lack none.
std::vector<bool> lacking(const Vocabulary& policy, const std::vector<const Vocabulary*>& others);

}  // namespace argsearch

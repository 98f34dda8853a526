#pragma once

#include <vector>

#include "context/batch.h"

namespace argsearch {

/// Some of a batch's tokens, those of a sequence behind each other and equally many of each.
struct EqualPart {
  Batch batch;
  /// Which output of the whole batch each of its own is.
  std::vector<size_t> rows;
};

/// Cuts a batch, whose tokens belong to one sequence each, into what a recurrent model takes in one graph. llama.cpp
/// would cut it as well, but gives hidden states in an order of its own. `neighbours`: the sequences of a graph must
/// also be numbered without a gap, as those of a model without attention.
std::vector<EqualPart> equal_parts(const Batch& batch, bool neighbours);

}  // namespace argsearch

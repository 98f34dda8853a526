#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace argsearch {

/// How a slot decodes block by block.
struct BlockSettings {
  /// Drafts of a block, and how many of them go on after half of it.
  size_t drafts = 4;
  size_t kept = 4;
  /// A draft is rated by the mean over its tokens, not at its end.
  bool mean = false;
  /// One a reward model: a draft that ends is read at the token that ends it, not at the last one before.
  std::vector<bool> read_at_end;
  /// Bytes that end the response.
  std::vector<std::string> stop;
};

}  // namespace argsearch

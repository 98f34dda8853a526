#pragma once

#include <functional>
#include <vector>

#include "context/context.h"

namespace argsearch {

/// Tokens found in the cache and those that had to be decoded.
struct PrefillCount {
  size_t cached = 0;
  size_t decoded = 0;
};

/// Makes sequence `slot` of a context hold exactly `wanted`, given that it holds `held` (updated as it goes, also when
/// a decode throws): keeps the common prefix, cuts the rest, decodes what is missing in batches without outputs.
PrefillCount prefill(Context& context, size_t slot, std::vector<llama_token>& held,
                     const std::vector<llama_token>& wanted, const std::function<void(Batch&)>& decode);

}  // namespace argsearch

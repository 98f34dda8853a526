#include "model/long_rope.h"

#include <algorithm>
#include <limits>

namespace argsearch {

std::optional<LongRope> LongRope::read(const GgufModel& files, const std::string& architecture, uint32_t context_size) {
  if (!files.has_tensor("rope_factors_long.weight") && !files.has_tensor("rope_factors_short.weight")) {
    return std::nullopt;
  }
  const int64_t most = std::numeric_limits<int32_t>::max();
  const int64_t trained = std::clamp<int64_t>(files.first().integer(architecture + ".context_length"), 0, most);
  const std::string key = architecture + ".rope.scaling.original_context_length";
  const int64_t given = files.first().integer(key);
  const int64_t original = given < 0 ? trained : std::min(given, most);
  const int64_t length = context_size == 0 ? trained : std::min<int64_t>(context_size, trained);
  return LongRope(key, static_cast<uint32_t>(original), length > original);
}

LongRope::LongRope(const std::string& key, uint32_t original_context, bool is_long)
    : original_context_(original_context), long_(is_long) {
  overrides_[0].tag = LLAMA_KV_OVERRIDE_TYPE_INT;
  overrides_[0].val_i64 = is_long ? 1 : std::numeric_limits<int32_t>::max();
  key.copy(overrides_[0].key, sizeof overrides_[0].key - 1);
}

}  // namespace argsearch

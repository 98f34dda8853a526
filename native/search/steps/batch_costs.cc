#include "search/steps/batch_costs.h"

#include <utility>

namespace argsearch {
namespace {

/// Noise makes decodes slower, never faster; longer prefixes make them slower for good.
constexpr double kFaster = 0.5;
constexpr double kSlower = 0.1;

}  // namespace

void BatchCosts::add(size_t tokens, double ms) {
  const auto [found, is_new] = seen_.try_emplace(tokens);
  // The first of a size pays for its graph.
  if (is_new) return;
  Seen& seen = found->second;
  if (!seen.warm) {
    seen = {true, ms};
    return;
  }
  seen.ms += (ms < seen.ms ? kFaster : kSlower) * (ms - seen.ms);
}

double BatchCosts::at(size_t tokens) const {
  const std::pair<const size_t, Seen>* below = nullptr;
  for (const auto& each : seen_) {
    if (!each.second.warm) continue;
    if (each.first >= tokens) {
      if (each.first == tokens || below == nullptr) return each.second.ms;
      const double share = static_cast<double>(tokens - below->first) / static_cast<double>(each.first - below->first);
      return below->second.ms + share * (each.second.ms - below->second.ms);
    }
    below = &each;
  }
  return below == nullptr ? 0 : below->second.ms;
}

}  // namespace argsearch

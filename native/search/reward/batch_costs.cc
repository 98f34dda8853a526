#include "search/reward/batch_costs.h"

#include <utility>

namespace argsearch {
namespace {

/// Noise makes decodes slower, never faster; longer prefixes make them slower for good.
constexpr double kFaster = 0.5;
constexpr double kSlower = 0.1;
/// So few decodes may all have been slow but one.
constexpr size_t kFew = 4;
/// Decodes of a size that make it known.
constexpr size_t kEnough = 8;

}  // namespace

void BatchCosts::add(size_t tokens, double ms) {
  const auto [found, is_new] = seen_.try_emplace(tokens);
  // The first of a size pays for its graph.
  if (is_new) return;
  Seen& seen = found->second;
  ++seen.times;
  if (seen.times == 1 || (seen.times < kFew && ms < seen.ms)) {
    seen.ms = ms;
    return;
  }
  seen.ms += (ms < seen.ms ? kFaster : kSlower) * (ms - seen.ms);
}

double BatchCosts::at(size_t tokens) const {
  const std::pair<const size_t, Seen>* below = nullptr;
  for (const auto& each : seen_) {
    if (each.second.times == 0) continue;
    if (each.first >= tokens) {
      if (each.first == tokens || below == nullptr) return each.second.ms;
      const double share = static_cast<double>(tokens - below->first) / static_cast<double>(each.first - below->first);
      return below->second.ms + share * (each.second.ms - below->second.ms);
    }
    below = &each;
  }
  return below == nullptr ? 0 : below->second.ms;
}

bool BatchCosts::knows(size_t tokens) const {
  const auto found = seen_.find(tokens);
  return found != seen_.end() && found->second.times >= kEnough;
}

}  // namespace argsearch

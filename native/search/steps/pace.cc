#include "search/steps/pace.h"

#include <algorithm>
#include <cmath>

namespace argsearch {
namespace {

/// One choice of so many is a step longer than pays, in case costs have changed.
constexpr uint64_t kTry = 64;
/// And one of so many that are longer than a step is a step: what others are compared with must not be out of date.
constexpr uint64_t kTryOne = 16;

/// Tokens that a window gives on average: each of its steps is reached if all before it followed their leads.
double expected_tokens(const Paced& slot) {
  double sum = 0;
  for (size_t step = 0; step < slot.length; ++step) sum += std::pow(slot.acceptance, static_cast<double>(step));
  return sum;
}

/// The slot for which one more step is likeliest to be reached; null when none may grow.
Paced* likeliest_to_go_on(std::vector<Paced>& slots) {
  Paced* best = nullptr;
  double chance = -1;
  for (Paced& slot : slots) {
    if (!slot.adapts || slot.length >= slot.most) continue;
    const double own = std::pow(slot.acceptance, static_cast<double>(slot.length));
    if (own <= chance) continue;
    best = &slot;
    chance = own;
  }
  return best;
}

}  // namespace

void Pace::choose(std::vector<Paced>& slots, bool first_decoded) {
  for (Paced& slot : slots) slot.length = slot.adapts ? 1 : slot.most;
  std::vector<Paced> best = slots;
  double least = cost(slots, first_decoded);
  while (Paced* slot = likeliest_to_go_on(slots)) {
    ++slot->length;
    const double own = cost(slots, first_decoded);
    if (own >= least) continue;
    least = own;
    best = slots;
  }
  slots = std::move(best);
  const bool longer_than_one =
      std::any_of(slots.begin(), slots.end(), [](const Paced& slot) { return slot.adapts && slot.length > 1; });
  if (longer_than_one && ++since_one_ >= kTryOne) {
    since_one_ = 0;
    for (Paced& slot : slots) {
      if (slot.adapts) slot.length = 1;
    }
    return;
  }
  Paced* longer = likeliest_to_go_on(slots);
  if (longer == nullptr || ++untried_ < kTry) return;
  untried_ = 0;
  ++longer->length;
}

/// Milliseconds a token.
double Pace::cost(const std::vector<Paced>& slots, bool first_decoded) const {
  size_t candidates = 0;
  size_t longest = 0;
  double tokens = 0;
  for (const Paced& slot : slots) {
    candidates += slot.candidates * slot.length;
    longest = std::max(longest, slot.length);
    tokens += expected_tokens(slot);
  }
  const size_t decodes = first_decoded ? longest : longest - 1;
  return (static_cast<double>(decodes) * policy_.at(slots.size()) + reward_.at(candidates)) / tokens;
}

}  // namespace argsearch

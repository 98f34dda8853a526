#include "search/blocks/draft_rating.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace argsearch {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

DraftRating::DraftRating(RewardSum& rewards) : rewards_(rewards) {
  for (size_t objective = 0; objective < n_objectives(); ++objective) {
    of_tokens_ = of_tokens_ || rewards.objectives().is_of_tokens(objective);
  }
}

/// Where a draft's reward is made of: with the mean, or a reward of tokens, every token; else the last, and where that
/// ends the response, the one before, too. What an earlier rating has read is not read again.
std::vector<size_t> DraftRating::tokens_to_read(const Draft& draft, bool mean) const {
  const size_t size = draft.tokens.size();
  const size_t first = mean || of_tokens_ ? 0 : size - std::min<size_t>(size, draft.eog ? 2 : 1);
  std::vector<size_t> tokens;
  for (size_t token = std::max(first, draft.rated); token < size; ++token) tokens.push_back(token);
  return tokens;
}

void DraftRating::rate(const std::vector<Drafting>& slots) {
  const size_t n = n_objectives();
  std::vector<Reading> readings;
  for (const Drafting& slot : slots) {
    for (const Draft& draft : slot.block().drafts) {
      readings.push_back({slot.slot, draft.number, draft.tokens,
                          tokens_to_read(draft, slot.state->settings.blocks.mean), draft.policy_log_probs});
    }
  }
  const std::vector<double> rows = rewards_.read(readings);
  auto row = rows.begin();
  auto reading = readings.begin();
  for (const Drafting& slot : slots) {
    for (Draft& draft : slot.block().drafts) {
      draft.objectives.resize(draft.tokens.size() * n, kNan);
      for (const size_t token : (reading++)->read) {
        std::copy_n(row, n, draft.objectives.begin() + static_cast<ptrdiff_t>(token * n));
        row += static_cast<ptrdiff_t>(n);
      }
      draft.rated = draft.tokens.size();
      draft.values = values_of(*slot.state, draft);
      draft.reward = rewards_.sum(draft.values.data());
    }
  }
}

/// A response that ends with its first token has no token before it: the reward of the end itself is all there is.
std::vector<double> DraftRating::values_of(const BlockSlot& slot, const Draft& draft) const {
  const BlockSettings& settings = slot.settings.blocks;
  const size_t n = n_objectives();
  std::vector<double> values;
  for (size_t objective = 0; objective < n; ++objective) {
    const auto at = [&](size_t token) { return draft.objectives[token * n + objective]; };
    const bool leaves_end = draft.eog && !settings.read_at_end[rewards_.objectives().source(objective)];
    const size_t count = draft.tokens.size() - (leaves_end ? 1 : 0);
    if (rewards_.objectives().is_of_tokens(objective) || (settings.mean && count > 0)) {
      double sum = 0;
      for (size_t token = 0; token < count; ++token) sum += at(token);
      values.push_back(settings.mean ? sum / static_cast<double>(std::max<size_t>(count, 1)) : sum);
    } else if (count == 0) {
      values.push_back(slot.last_objectives.empty() ? at(0) : slot.last_objectives[objective]);
    } else {
      values.push_back(at(count - 1));
    }
  }
  return values;
}

std::optional<double> DraftRating::reward_at(const Draft& draft, size_t token) const {
  const size_t n = n_objectives();
  if (n == 0 || std::isnan(draft.objectives[token * n])) return std::nullopt;
  return rewards_.sum(draft.objectives.data() + token * n);
}

void DraftRating::take(const std::vector<std::pair<size_t, const Draft*>>& drafts) {
  std::vector<Reading> taken;
  for (const auto& [slot, draft] : drafts) taken.push_back({slot, draft->number, draft->tokens, {}, {}});
  rewards_.take(taken);
}

}  // namespace argsearch

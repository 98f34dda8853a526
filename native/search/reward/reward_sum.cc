#include "search/reward/reward_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "error.h"

namespace argsearch {
namespace {

void check_sums(const Candidates& candidates) {
  for (const double reward : candidates.rewards) {
    if (!std::isfinite(reward)) {
      throw Error(ErrorCode::kOptionInvalid, "the weighted rewards of a token are too large a sum: lower the weights.");
    }
  }
}

uint32_t divide_up(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

}  // namespace

RewardSum::RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings, uint32_t slots,
                     uint32_t context_size)
    : slots_per_context_(divide_up(slots, divide_up(slots, kSlotsPerContext))),
      n_contexts_(divide_up(slots, static_cast<uint32_t>(slots_per_context_))) {
  for (const RewardSource& source : sources) {
    Term term{{}, source.weights};
    for (size_t first = 0; first < slots; first += slots_per_context_) {
      const auto count = static_cast<uint32_t>(std::min(slots_per_context_, slots - first));
      term.rewards.push_back(std::make_unique<Reward>(source.model, settings, count, context_size));
    }
    const size_t n_labels = term.rewards[0]->n_labels();
    if (source.weights.size() != n_labels) {
      throw Error(ErrorCode::kOptionInvalid, source.model->path() + " has " + std::to_string(n_labels) +
                                                 " labels, but " + std::to_string(source.weights.size()) +
                                                 " weights were given.");
    }
    n_objectives_ += n_labels;
    terms_.push_back(std::move(term));
  }
}

PrefillCount RewardSum::begin(size_t i, size_t slot, const std::vector<llama_token>& tokens) {
  return terms_[i].rewards[context_of(slot)]->begin(place_in(slot), tokens);
}

std::vector<std::vector<size_t>> RewardSum::groups(const std::vector<Request>& requests) const {
  struct Open {
    size_t group = 0;
    size_t room = 0;
  };
  std::vector<Open> open(n_contexts_);
  std::vector<std::vector<size_t>> groups;
  // From the end, so that the last group of a context is full: its branches are those that a later commit() still
  // finds.
  for (size_t i = requests.size(); i-- > 0;) {
    const size_t context = context_of(requests[i].slot);
    const size_t wanted = requests[i].candidates->size();
    if (wanted > open[context].room) {
      // Every model has as many branches, and without one nothing takes any.
      const size_t room = empty() ? std::numeric_limits<size_t>::max() : terms_[0].rewards[context]->branches();
      open[context] = {groups.size(), room};
      groups.emplace_back();
    }
    groups[open[context].group].push_back(i);
    open[context].room -= std::min(open[context].room, wanted);
  }
  for (std::vector<size_t>& group : groups) std::reverse(group.begin(), group.end());
  std::reverse(groups.begin(), groups.end());
  return groups;
}

void RewardSum::score(const std::vector<Request>& group) {
  for (const auto& [slot, candidates] : group) {
    candidates->objectives.assign(candidates->size() * n_objectives_, 0);
    candidates->rewards.assign(candidates->size(), empty() ? std::numeric_limits<double>::quiet_NaN() : 0.0);
  }
  size_t column = 0;
  for (const Term& term : terms_) {
    add_term(term, column, group);
    column += term.weights.size();
  }
  if (empty()) return;
  for (const Request& request : group) check_sums(*request.candidates);
}

void RewardSum::add_term(const Term& term, size_t column, const std::vector<Request>& group) {
  const size_t n_labels = term.weights.size();
  std::vector<std::vector<double>> values;
  std::vector<Reward::Request> branches;
  for (const auto& [slot, candidates] : group) {
    values.emplace_back(candidates->size() * n_labels);
    branches.push_back({place_in(slot), &candidates->tokens, values.back().data()});
  }
  Reward& reward = *term.rewards[context_of(group[0].slot)];
  reward.branch(branches);
  for (size_t i = 0; i < group.size(); ++i) {
    Candidates& candidates = *group[i].candidates;
    for (size_t rank = 0; rank < candidates.size(); ++rank) {
      for (size_t label = 0; label < n_labels; ++label) {
        const double value = values[i][rank * n_labels + label];
        if (!std::isfinite(value)) {
          throw Error(ErrorCode::kDecodeFailed,
                      reward.context().model().path() + ": a reward is not a finite number. The file is damaged.");
        }
        candidates.objectives[rank * n_objectives_ + column + label] = value;
        candidates.rewards[rank] += term.weights[label] * value;
      }
    }
  }
}

void RewardSum::commit(const std::vector<Reward::Choice>& choices) {
  if (empty()) return;
  std::vector<std::vector<Reward::Choice>> by_context(n_contexts_);
  for (const auto& [slot, token, rank] : choices) by_context[context_of(slot)].push_back({place_in(slot), token, rank});
  for (const Term& term : terms_) {
    for (size_t context = 0; context < n_contexts_; ++context) term.rewards[context]->commit(by_context[context]);
  }
}

void RewardSum::clear(size_t slot) {
  for (const Term& term : terms_) term.rewards[context_of(slot)]->clear(place_in(slot));
}

uint64_t RewardSum::decodes() const {
  return total([](const Reward& reward) { return reward.decodes(); });
}
uint64_t RewardSum::tokens() const {
  return total([](const Reward& reward) { return reward.tokens(); });
}
uint64_t RewardSum::projections() const {
  return total([](const Reward& reward) { return reward.projections(); });
}
double RewardSum::decode_ms() const {
  return total([](const Reward& reward) { return reward.context().decode_ms(); });
}

std::vector<size_t> RewardSum::cache_bytes() const {
  std::vector<size_t> bytes;
  for (const Term& term : terms_) {
    bytes.push_back(0);
    for (const auto& reward : term.rewards) bytes.back() += reward->context().cache_bytes();
  }
  return bytes;
}

}  // namespace argsearch

#include "search/reward/reward_sum.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bounds.h"
#include "error.h"
#include "search/reward/branched_reward.h"

namespace argsearch {
namespace {

uint32_t divide_up(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

void check_weights(const RewardSource& source, size_t n_labels) {
  if (source.weights.size() == n_labels) return;
  throw Error(ErrorCode::kOptionInvalid, source.model->path() + " has " + std::to_string(n_labels) + " labels, but " +
                                             std::to_string(source.weights.size()) + " weights were given.");
}

}  // namespace

RewardSum::RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings, uint32_t slots,
                     uint32_t context_size) {
  const uint32_t contexts = divide_up(slots, kSlotsPerContext);
  const uint32_t per_context = divide_up(slots, contexts);
  const auto most = static_cast<uint32_t>(engine().llama_max_parallel_sequences());
  layout_.slots_per_context = per_context;
  for (const RewardSource& source : sources) {
    Term term{{}, source.weights, n_objectives_};
    for (uint32_t first = 0; first < slots; first += per_context) {
      const SlotRange range{first, std::min(per_context, slots - first)};
      const uint32_t sequences =
          reward_sequences(range.count, static_cast<uint32_t>(source.model->n_vocab()), contexts, most);
      term.rewarders.push_back(
          std::make_unique<BranchedReward>(source.model, settings, range, sequences, context_size));
    }
    check_weights(source, term.rewarders[0]->n_labels());
    n_objectives_ += source.weights.size();
    terms_.push_back(std::move(term));
  }
  for (size_t context = 0; !empty() && context < terms_[0].rewarders.size(); ++context) {
    size_t least = terms_[0].rewarders[context]->capacity();
    for (const Term& term : terms_) least = std::min(least, term.rewarders[context]->capacity());
    layout_.capacity.push_back(least);
  }
}

size_t RewardSum::length(size_t slot) const {
  size_t most = 0;
  for (size_t term = 0; term < terms_.size(); ++term) most = std::max(most, rewarder(term, slot).length(slot));
  return most;
}

PrefillCount RewardSum::begin(size_t term, size_t slot, const std::vector<llama_token>& tokens) {
  return rewarder(term, slot).begin(slot, tokens);
}

void RewardSum::open(SlotStep& slot) const {
  Candidates& candidates = slot.candidates;
  const bool rates = slot.is_rated() && !empty();
  slot.rated.assign(candidates.size(), !rates);
  if (!rates) return;
  candidates.objectives.assign(candidates.size() * n_objectives_, 0);
  candidates.rewards.assign(candidates.size(), 0);
}

std::optional<Wave> RewardSum::next_wave(Step& step) const { return argsearch::next_wave(step, layout_); }

void RewardSum::rate(const Wave& wave) {
  for (const Term& term : terms_) add(term, wave);
  for (const Wave::Part& part : wave.parts) {
    for (const size_t rank : part.ranks) {
      if (!std::isfinite(part.slot->candidates.rewards[rank])) {
        throw Error(ErrorCode::kOptionInvalid,
                    "the weighted rewards of a token are too large a sum: lower the weights.");
      }
      part.slot->rated[rank] = true;
    }
  }
}

void RewardSum::add(const Term& term, const Wave& wave) {
  Rewarder& rewarder = *term.rewarders[wave.context];
  const std::vector<double> values = rewarder.rate(wave);
  rewarder.model().check_rewards(values);
  auto value = values.begin();
  for (const Wave::Part& part : wave.parts) {
    Candidates& candidates = part.slot->candidates;
    for (const size_t rank : part.ranks) {
      for (size_t label = 0; label < term.weights.size(); ++label, ++value) {
        candidates.objectives[rank * n_objectives_ + term.column + label] = *value;
        candidates.rewards[rank] += term.weights[label] * *value;
      }
    }
  }
}

void RewardSum::commit(const StepPart& slots) {
  if (empty()) return;
  std::vector<StepPart> by_context(layout_.capacity.size());
  for (SlotStep* slot : slots) {
    if (slot->is_rated()) by_context[layout_.context_of(slot->slot)].push_back(slot);
  }
  for (const Term& term : terms_) {
    for (size_t context = 0; context < by_context.size(); ++context) {
      term.rewarders[context]->commit(by_context[context]);
    }
  }
}

std::vector<std::vector<Reading>> RewardSum::by_context(const std::vector<Reading>& drafts) const {
  std::vector<std::vector<Reading>> parts(layout_.capacity.size());
  for (const Reading& draft : drafts) parts[layout_.context_of(draft.slot)].push_back(draft);
  return parts;
}

std::vector<double> RewardSum::read(const std::vector<Reading>& drafts) {
  if (empty()) return {};
  const std::vector<std::vector<Reading>> parts = by_context(drafts);
  size_t rows = 0;
  for (const Reading& draft : drafts) rows += draft.read.size();
  std::vector<double> objectives(rows * n_objectives_);
  for (const Term& term : terms_) {
    const size_t labels = term.weights.size();
    std::vector<std::vector<double>> values;
    for (size_t context = 0; context < parts.size(); ++context) {
      values.push_back(term.rewarders[context]->read(parts[context]));
      term.rewarders[context]->model().check_rewards(values.back());
    }
    std::vector<size_t> taken(parts.size(), 0);
    size_t row = 0;
    for (const Reading& draft : drafts) {
      const size_t context = layout_.context_of(draft.slot);
      for (size_t i = 0; i < draft.read.size(); ++i, ++row) {
        const auto from = values[context].begin() + static_cast<ptrdiff_t>(labels * taken[context]++);
        std::copy_n(from, labels, objectives.begin() + static_cast<ptrdiff_t>(row * n_objectives_ + term.column));
      }
    }
  }
  return objectives;
}

void RewardSum::take(const std::vector<Reading>& drafts) {
  if (empty()) return;
  const std::vector<std::vector<Reading>> parts = by_context(drafts);
  for (const Term& term : terms_) {
    for (size_t context = 0; context < parts.size(); ++context) term.rewarders[context]->take(parts[context]);
  }
}

void RewardSum::drop(size_t slot, size_t draft) {
  for (size_t term = 0; term < terms_.size(); ++term) rewarder(term, slot).drop(slot, draft);
}

double RewardSum::sum(const double* objectives) const {
  double sum = 0;
  for (const Term& term : terms_) {
    for (size_t label = 0; label < term.weights.size(); ++label) {
      sum += term.weights[label] * objectives[term.column + label];
    }
  }
  if (std::isfinite(sum)) return sum;
  throw Error(ErrorCode::kOptionInvalid, "the weighted rewards of a token are too large a sum: lower the weights.");
}

std::vector<size_t> RewardSum::terms_of_objectives() const {
  std::vector<size_t> terms;
  for (size_t term = 0; term < terms_.size(); ++term) terms.insert(terms.end(), terms_[term].weights.size(), term);
  return terms;
}

void RewardSum::clear(size_t slot) {
  for (size_t term = 0; term < terms_.size(); ++term) rewarder(term, slot).clear(slot);
}

RewarderCounters RewardSum::counters() const {
  RewarderCounters sum;
  for (const Term& term : terms_) {
    for (const auto& rewarder : term.rewarders) {
      const RewarderCounters each = rewarder->counters();
      sum.tokens += each.tokens;
      sum.decodes += each.decodes;
      sum.projections += each.projections;
      sum.decode_ms += each.decode_ms;
    }
  }
  return sum;
}

std::vector<size_t> RewardSum::cache_bytes() const {
  std::vector<size_t> bytes;
  for (const Term& term : terms_) {
    bytes.push_back(0);
    for (const auto& rewarder : term.rewarders) bytes.back() += rewarder->cache_bytes();
  }
  return bytes;
}

}  // namespace argsearch

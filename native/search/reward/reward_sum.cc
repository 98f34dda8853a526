#include "search/reward/reward_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "bounds.h"
#include "context/probe.h"
#include "error.h"
#include "search/reward/branched_reward.h"

namespace argsearch {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

RewardSum::RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings,
                     const std::vector<SlotRange>& ranges, uint32_t context_size)
    : settings_(settings), ranges_(ranges), context_size_(context_size) {
  for (const RewardSource& source : sources) {
    terms_.push_back({source, n_objectives_, {}});
    n_objectives_ += source.head().n_labels();
  }
}

void RewardSum::make_contexts() {
  if (empty() || !layout_.capacity.empty()) return;
  const auto contexts = static_cast<uint32_t>(ranges_.size());
  const auto most = static_cast<uint32_t>(engine().llama_max_parallel_sequences());
  for (Term& term : terms_) {
    const Model& model = *term.source.model;
    const size_t state = model.can_branch() ? state_bytes(term.source.model, settings_) : 0;
    term.rewarders.clear();
    for (const SlotRange& range : ranges_) {
      const auto n_vocab = static_cast<uint32_t>(model.n_vocab());
      const uint32_t sequences = reward_sequences(range.count, n_vocab, contexts, most, state);
      term.rewarders.push_back(
          std::make_unique<BranchedReward>(term.source.model, settings_, range, sequences, context_size_));
    }
  }
  layout_.slots_per_context = ranges_[0].count;
  for (size_t context = 0; context < terms_[0].rewarders.size(); ++context) {
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

PrefillCount RewardSum::begin(size_t term, size_t slot, const std::vector<llama_token>& tokens, size_t most,
                              bool reads_states) {
  return rewarder(term, slot).begin(slot, tokens, most, reads_states);
}

void RewardSum::open(SlotStep& slot) {
  slot.candidates.objectives.assign(slot.candidates.size() * n_objectives_, kNan);
  slot.candidates.rewards.assign(slot.candidates.size(), kNan);
}

void RewardSum::rate(const Wave& wave) {
  for (const Wave::Part& part : wave.parts) {
    for (const size_t rank : part.ranks) part.slot->candidates.rewards[rank] = 0;
  }
  for (const Term& term : terms_) add(term, wave);
  for (const Wave::Part& part : wave.parts) {
    for (const size_t rank : part.ranks) {
      check_sum(part.slot->candidates.rewards[rank]);
      part.slot->rated[rank] = true;
    }
  }
}

void RewardSum::add(const Term& term, const Wave& wave) {
  Rewarder& rewarder = *term.rewarders[wave.context];
  const std::vector<double> values = rewarder.rate(wave);
  rewarder.model().check_rewards(values);
  const double* row = values.data();
  for (const Wave::Part& part : wave.parts) {
    for (const size_t rank : part.ranks) {
      add(term, part.slot->candidates, rank, row);
      row += term.weights().size();
    }
  }
}

void RewardSum::add(const Term& term, Candidates& candidates, size_t rank, const double* values) const {
  for (size_t label = 0; label < term.weights().size(); ++label) {
    candidates.objectives[rank * n_objectives_ + term.column + label] = values[label];
    candidates.rewards[rank] += term.weights()[label] * values[label];
  }
}

void RewardSum::rate_ahead(const std::vector<Window*>& windows) {
  const auto each_step = [&](const auto& act) {
    for (Window* window : windows) {
      for (SlotStep& step : window->steps) act(step);
    }
  };
  each_step([](SlotStep& step) { step.candidates.rewards.assign(step.candidates.size(), 0); });
  for (const Term& term : terms_) {
    Rewarder& rewarder = *term.rewarders[layout_.context_of(windows[0]->slot())];
    const std::vector<double> values = rewarder.rate_ahead(windows);
    rewarder.model().check_rewards(values);
    const double* row = values.data();
    each_step([&](SlotStep& step) {
      for (size_t rank = 0; rank < step.candidates.size(); ++rank, row += term.weights().size()) {
        add(term, step.candidates, rank, row);
      }
    });
  }
  each_step([](SlotStep& step) {
    for (const double reward : step.candidates.rewards) check_sum(reward);
    step.rated.assign(step.candidates.size(), true);
  });
}

void RewardSum::commit_ahead(const std::vector<Window*>& windows) {
  if (windows.empty()) return;
  for (size_t term = 0; term < terms_.size(); ++term) rewarder(term, windows[0]->slot()).commit_ahead(windows);
}

void RewardSum::commit(const StepPart& slots) {
  std::vector<StepPart> by_context(layout_.capacity.size());
  for (SlotStep* slot : slots) by_context[layout_.context_of(slot->slot)].push_back(slot);
  for (const Term& term : terms_) {
    for (size_t context = 0; context < by_context.size(); ++context) {
      term.rewarders[context]->commit(by_context[context]);
    }
  }
}

std::vector<double> RewardSum::catch_up(const std::vector<CatchUp>& slots) {
  // Of each context, which rows of the result its models fill.
  std::vector<std::vector<CatchUp>> parts(layout_.capacity.size());
  std::vector<std::vector<size_t>> rows(layout_.capacity.size());
  size_t n_rows = 0;
  for (const CatchUp& each : slots) {
    const size_t context = layout_.context_of(each.slot);
    parts[context].push_back(each);
    for (size_t i = 0; i < each.read; ++i) rows[context].push_back(n_rows++);
  }
  std::vector<double> objectives(n_rows * n_objectives_);
  for (const Term& term : terms_) {
    const size_t labels = term.weights().size();
    for (size_t context = 0; context < parts.size(); ++context) {
      const std::vector<double> values = term.rewarders[context]->catch_up(parts[context]);
      term.rewarders[context]->model().check_rewards(values);
      for (size_t i = 0; i < rows[context].size(); ++i) {
        const auto from = values.begin() + static_cast<ptrdiff_t>(i * labels);
        std::copy_n(from, labels,
                    objectives.begin() + static_cast<ptrdiff_t>(rows[context][i] * n_objectives_ + term.column));
      }
    }
  }
  return objectives;
}

void RewardSum::read_states(const std::vector<size_t>& slots) {
  std::vector<std::vector<size_t>> parts(layout_.capacity.size());
  for (const size_t slot : slots) parts[layout_.context_of(slot)].push_back(slot);
  for (const Term& term : terms_) {
    for (size_t context = 0; context < parts.size(); ++context) term.rewarders[context]->read_states(parts[context]);
  }
}

std::vector<double> RewardSum::before_last(size_t slot) const {
  std::vector<double> objectives;
  for (size_t term = 0; term < terms_.size(); ++term) {
    const std::vector<double> values = rewarder(term, slot).before_last(slot);
    model(term).check_rewards(values);
    objectives.insert(objectives.end(), values.begin(), values.end());
  }
  return objectives;
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
    const size_t labels = term.weights().size();
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
    for (size_t label = 0; label < term.weights().size(); ++label) {
      sum += term.weights()[label] * objectives[term.column + label];
    }
  }
  check_sum(sum);
  return sum;
}

std::vector<size_t> RewardSum::terms_of_objectives() const {
  std::vector<size_t> terms;
  for (size_t term = 0; term < terms_.size(); ++term) terms.insert(terms.end(), terms_[term].weights().size(), term);
  return terms;
}

void RewardSum::clear(size_t slot) {
  if (layout_.capacity.empty()) return;
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

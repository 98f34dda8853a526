#include "search/reward/reward_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "bounds.h"
#include "context/probe.h"
#include "error.h"
#include "search/reward/branched_reward.h"
#include "search/reward/retokenised_reward.h"

namespace argsearch {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class T>
std::vector<size_t> contexts_with(const std::vector<std::vector<T>>& parts) {
  std::vector<size_t> contexts;
  for (size_t context = 0; context < parts.size(); ++context) {
    if (!parts[context].empty()) contexts.push_back(context);
  }
  return contexts;
}

std::unique_ptr<Rewarder> make_rewarder(const RewardSource& source, const ContextSettings& settings, SlotRange slots,
                                        uint32_t sequences, uint32_t context_size) {
  if (source.writer) {
    return std::make_unique<RetokenisedReward>(source.model, source.writer, settings, slots, sequences, context_size);
  }
  return std::make_unique<BranchedReward>(source.model, settings, slots, sequences, context_size);
}

}  // namespace

RewardSum::RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings,
                     const std::vector<SlotRange>& ranges, uint32_t context_size, Lanes& lanes)
    : settings_(settings), ranges_(ranges), lanes_(lanes), context_size_(context_size) {
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
      term.rewarders.push_back(make_rewarder(term.source, settings_, range, sequences, context_size_));
    }
    std::vector<Prefixes*> prefixes;
    for (const auto& rewarder : term.rewarders) prefixes.push_back(&rewarder->prefixes());
    Prefixes::copy_among(prefixes);
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

bool RewardSum::retokenises() const {
  return std::any_of(terms_.begin(), terms_.end(), [](const Term& term) { return term.source.writer != nullptr; });
}

PrefillCount RewardSum::begin(size_t term, size_t slot, const std::vector<llama_token>& tokens, size_t most,
                              bool reads_states) {
  return rewarder(term, slot).begin(slot, tokens, most, reads_states);
}

void RewardSum::open(SlotStep& slot) {
  slot.candidates.objectives.assign(slot.candidates.size() * n_objectives_, kNan);
  slot.candidates.rewards.assign(slot.candidates.size(), kNan);
  for (size_t term = 0; term < terms_.size() && slot.candidates.waits.empty(); ++term) {
    slot.candidates.waits = rewarder(term, slot.slot).waiting(slot);
  }
}

RewardSum::Values RewardSum::ask(const std::vector<size_t>& contexts,
                                 const std::function<std::vector<double>(Rewarder&, size_t)>& question) const {
  Values values(terms_.size(), std::vector<std::vector<double>>(layout_.capacity.size()));
  std::vector<Work> round;
  for (size_t term = 0; term < terms_.size(); ++term) {
    for (const size_t context : contexts) {
      Rewarder& rewarder = *terms_[term].rewarders[context];
      std::vector<double>& answer = values[term][context];
      round.push_back({&rewarder.context(), [&rewarder, &answer, &question, context] {
                         answer = question(rewarder, context);
                         rewarder.model().check_rewards(answer);
                       }});
    }
  }
  lanes_.run(round);
  return values;
}

void RewardSum::rate(const std::vector<Wave>& waves) {
  const auto each_candidate = [](const Wave& wave, const auto& act) {
    for (const Wave::Part& part : wave.parts) {
      for (const size_t rank : part.ranks) act(*part.slot, rank);
    }
  };
  std::vector<size_t> contexts;
  std::vector<const Wave*> wave_of(layout_.capacity.size());
  for (const Wave& wave : waves) {
    contexts.push_back(wave.context);
    wave_of[wave.context] = &wave;
    each_candidate(wave, [](SlotStep& slot, size_t rank) { slot.candidates.rewards[rank] = 0; });
  }
  const Values values =
      ask(contexts, [&](Rewarder& rewarder, size_t context) { return rewarder.rate(*wave_of[context]); });
  for (size_t term = 0; term < terms_.size(); ++term) {
    for (const Wave& wave : waves) {
      const double* row = values[term][wave.context].data();
      each_candidate(wave, [&](SlotStep& slot, size_t rank) {
        add(terms_[term], slot.candidates, rank, row);
        row += terms_[term].weights().size();
      });
    }
  }
  for (const Wave& wave : waves) {
    each_candidate(wave, [](SlotStep& slot, size_t rank) {
      check_sum(slot.candidates.rewards[rank]);
      slot.rated[rank] = true;
    });
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

/// A row of n_objectives() values for each of these contexts: what it gave next.
std::vector<double> RewardSum::rows(const Values& values, const std::vector<size_t>& contexts) const {
  std::vector<double> objectives(contexts.size() * n_objectives_);
  for (size_t term = 0; term < terms_.size(); ++term) {
    const size_t labels = terms_[term].weights().size();
    std::vector<size_t> taken(layout_.capacity.size(), 0);
    for (size_t row = 0; row < contexts.size(); ++row) {
      const size_t context = contexts[row];
      const auto from = values[term][context].begin() + static_cast<ptrdiff_t>(labels * taken[context]++);
      std::copy_n(from, labels, objectives.begin() + static_cast<ptrdiff_t>(row * n_objectives_ + terms_[term].column));
    }
  }
  return objectives;
}

std::vector<double> RewardSum::catch_up(const std::vector<CatchUp>& slots) {
  std::vector<std::vector<CatchUp>> parts(layout_.capacity.size());
  std::vector<size_t> context_of_row;
  for (const CatchUp& each : slots) {
    const size_t context = layout_.context_of(each.slot);
    parts[context].push_back(each);
    context_of_row.insert(context_of_row.end(), each.read, context);
  }
  const Values values =
      ask(contexts_with(parts), [&](Rewarder& rewarder, size_t context) { return rewarder.catch_up(parts[context]); });
  return rows(values, context_of_row);
}

void RewardSum::read_states(const std::vector<size_t>& slots) {
  std::vector<std::vector<size_t>> parts(layout_.capacity.size());
  for (const size_t slot : slots) parts[layout_.context_of(slot)].push_back(slot);
  ask(contexts_with(parts), [&](Rewarder& rewarder, size_t context) {
    rewarder.read_states(parts[context]);
    return std::vector<double>();
  });
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
  std::vector<size_t> context_of_row;
  for (const Reading& draft : drafts) {
    context_of_row.insert(context_of_row.end(), draft.read.size(), layout_.context_of(draft.slot));
  }
  const Values values =
      ask(contexts_with(parts), [&](Rewarder& rewarder, size_t context) { return rewarder.read(parts[context]); });
  return rows(values, context_of_row);
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

#include "search/reward/reward_sum.h"

#include <algorithm>
#include <limits>

#include "search/reward/rewarders.h"

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

constexpr auto slot_of_step = [](const SlotStep* step) { return step->slot; };

}  // namespace

RewardSum::RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings,
                     const std::vector<SlotRange>& ranges, uint32_t context_size, Lanes& lanes)
    : settings_(settings), ranges_(ranges), lanes_(lanes), context_size_(context_size) {
  for (const RewardSource& source : sources) {
    source.check();
    Objectives::Columns columns = objectives_.add(source);
    if (!source.model_is_policy) readers_.push_back({source.model, source.kind, source.writer, columns, {}});
    columns.sign = -1;
    if (source.base) readers_.push_back({source.base, source.kind, nullptr, columns, {}});
  }
  recent_.resize(ranges_.back().first + ranges_.back().count);
}

void RewardSum::make_contexts() {
  if (empty() || !layout_.capacity.empty()) return;
  for (Reader& reader : readers_) {
    reader.rewarders = make_rewarders(reader.model, reader.kind, reader.writer, settings_, ranges_, context_size_);
  }
  layout_.slots_per_context = ranges_[0].count;
  for (size_t context = 0; context < ranges_.size(); ++context) {
    size_t least = readers_[0].rewarders[context]->capacity();
    for (const Reader& reader : readers_) least = std::min(least, reader.rewarders[context]->capacity());
    layout_.capacity.push_back(least);
  }
}

size_t RewardSum::length(size_t slot) const {
  size_t most = 0;
  for (size_t reader = 0; reader < readers_.size(); ++reader) {
    most = std::max(most, rewarder(reader, slot).length(slot));
  }
  return most;
}

bool RewardSum::retokenises() const {
  return std::any_of(readers_.begin(), readers_.end(), [](const Reader& reader) { return reader.writer != nullptr; });
}

PrefillCount RewardSum::begin(size_t reader, size_t slot, const std::vector<llama_token>& tokens, size_t most,
                              bool reads_states) {
  return rewarder(reader, slot).begin(slot, tokens, most, reads_states);
}

std::vector<Work> RewardSum::beside_policy(const StepPart& slots) {
  const auto parts = layout_.by_context(slots, slot_of_step);
  std::vector<Work> round;
  for (const Reader& reader : readers_) {
    for (const size_t context : contexts_with(parts)) {
      Rewarder& own = *reader.rewarders[context];
      if (!own.can_read_ahead()) break;
      round.push_back({&own.context(), [&own, part = parts[context]] { own.read_ahead(part); }});
    }
  }
  return round;
}

void RewardSum::open(SlotStep& slot) {
  slot.candidates.objectives.assign(slot.candidates.size() * n_objectives(), kNan);
  slot.candidates.rewards.assign(slot.candidates.size(), kNan);
  for (size_t reader = 0; reader < readers_.size() && slot.candidates.waits.empty(); ++reader) {
    slot.candidates.waits = rewarder(reader, slot.slot).waiting(slot);
  }
}

RewardSum::Values RewardSum::ask(const std::vector<size_t>& contexts,
                                 const std::function<std::vector<double>(Rewarder&, size_t)>& question) const {
  Values values(readers_.size(), std::vector<std::vector<double>>(layout_.capacity.size()));
  std::vector<Work> round;
  for (size_t reader = 0; reader < readers_.size(); ++reader) {
    for (const size_t context : contexts) {
      Rewarder& rewarder = *readers_[reader].rewarders[context];
      std::vector<double>& answer = values[reader][context];
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
    each_candidate(wave, [&](SlotStep& slot, size_t rank) { objectives_.open_row(slot.candidates, rank); });
  }
  const Values values =
      ask(contexts, [&](Rewarder& rewarder, size_t context) { return rewarder.rate(*wave_of[context]); });
  for (size_t reader = 0; reader < readers_.size(); ++reader) {
    for (const Wave& wave : waves) {
      const double* row = values[reader][wave.context].data();
      each_candidate(wave, [&](SlotStep& slot, size_t rank) {
        objectives_.add(readers_[reader].columns, row, objectives_.row(slot.candidates, rank));
        row += readers_[reader].columns.count;
      });
    }
  }
  for (const Wave& wave : waves) {
    each_candidate(wave, [&](SlotStep& slot, size_t rank) {
      objectives_.close_row(slot.candidates, rank);
      slot.rated[rank] = true;
    });
  }
}

void RewardSum::rate_ahead(const std::vector<Window*>& windows) {
  const auto each_candidate = [&](const auto& act) {
    for (Window* window : windows) {
      for (SlotStep& step : window->steps) {
        for (size_t rank = 0; rank < step.candidates.size(); ++rank) act(step.candidates, rank);
      }
    }
  };
  each_candidate([&](Candidates& candidates, size_t rank) { objectives_.open_row(candidates, rank); });
  for (const Reader& reader : readers_) {
    Rewarder& rewarder = *reader.rewarders[layout_.context_of(windows[0]->slot())];
    const std::vector<double> values = rewarder.rate_ahead(windows);
    rewarder.model().check_rewards(values);
    const double* row = values.data();
    each_candidate([&](Candidates& candidates, size_t rank) {
      objectives_.add(reader.columns, row, objectives_.row(candidates, rank));
      row += reader.columns.count;
    });
  }
  each_candidate([&](Candidates& candidates, size_t rank) { objectives_.close_row(candidates, rank); });
  for (Window* window : windows) {
    for (SlotStep& step : window->steps) step.rated.assign(step.candidates.size(), true);
  }
}

void RewardSum::commit_ahead(const std::vector<Window*>& windows) {
  if (windows.empty()) return;
  for (size_t reader = 0; reader < readers_.size(); ++reader) {
    rewarder(reader, windows[0]->slot()).commit_ahead(windows);
  }
  for (const Window* window : windows) {
    for (size_t step = 0; step < window->taken; ++step) took(window->steps[step]);
  }
}

void RewardSum::commit(const StepPart& slots) {
  const auto parts = layout_.by_context(slots, slot_of_step);
  for (const Reader& reader : readers_) {
    for (size_t context = 0; context < parts.size(); ++context) reader.rewarders[context]->commit(parts[context]);
  }
  for (const SlotStep* slot : slots) took(*slot);
}

void RewardSum::took(const SlotStep& slot) {
  Recent& recent = recent_[slot.slot];
  recent = {recent.last, slot.candidates.policy_log_probs[*slot.chosen]};
}

/// A row of n_objectives() values for each of these contexts: what it gave next.
std::vector<double> RewardSum::rows(const Values& values, const std::vector<size_t>& contexts) const {
  std::vector<double> objectives(contexts.size() * n_objectives(), 0.0);
  for (size_t reader = 0; reader < readers_.size(); ++reader) {
    std::vector<size_t> taken(layout_.capacity.size(), 0);
    for (size_t row = 0; row < contexts.size(); ++row) {
      const size_t context = contexts[row];
      const Objectives::Columns& columns = readers_[reader].columns;
      const double* from = values[reader][context].data() + columns.count * taken[context]++;
      objectives_.add(columns, from, &objectives[row * n_objectives()]);
    }
  }
  return objectives;
}

std::vector<double> RewardSum::catch_up(const std::vector<CatchUp>& slots) {
  const auto parts = layout_.by_context(slots, [](const CatchUp& each) { return each.slot; });
  std::vector<size_t> context_of_row;
  for (const auto& [slot, read] : slots) context_of_row.insert(context_of_row.end(), read, layout_.context_of(slot));
  const Values values =
      ask(contexts_with(parts), [&](Rewarder& rewarder, size_t context) { return rewarder.catch_up(parts[context]); });
  std::vector<double> objectives = rows(values, context_of_row);
  double* row = objectives.data();
  for (const CatchUp& each : slots) {
    for (size_t read = each.read; read > 0; --read, row += n_objectives()) {
      objectives_.add_policy(read > 1 ? recent_[each.slot].before : recent_[each.slot].last, row);
    }
  }
  return objectives;
}

void RewardSum::read_states(const std::vector<size_t>& slots) {
  const auto parts = layout_.by_context(slots, [](size_t slot) { return slot; });
  ask(contexts_with(parts), [&](Rewarder& rewarder, size_t context) {
    rewarder.read_states(parts[context]);
    return std::vector<double>();
  });
}

std::vector<double> RewardSum::before_last(size_t slot) const {
  std::vector<double> objectives(n_objectives(), 0.0);
  for (size_t reader = 0; reader < readers_.size(); ++reader) {
    const std::vector<double> values = rewarder(reader, slot).before_last(slot);
    if (values.empty()) return {};
    model(reader).check_rewards(values);
    objectives_.add(readers_[reader].columns, values.data(), objectives.data());
  }
  objectives_.add_policy(recent_[slot].before, objectives.data());
  return objectives;
}

std::vector<double> RewardSum::read(const std::vector<Reading>& drafts) {
  if (empty()) return {};
  const auto parts = layout_.by_context(drafts, [](const Reading& draft) { return draft.slot; });
  std::vector<size_t> context_of_row;
  for (const Reading& draft : drafts) {
    context_of_row.insert(context_of_row.end(), draft.read.size(), layout_.context_of(draft.slot));
  }
  const Values values =
      ask(contexts_with(parts), [&](Rewarder& rewarder, size_t context) { return rewarder.read(parts[context]); });
  std::vector<double> objectives = rows(values, context_of_row);
  double* row = objectives.data();
  for (const Reading& draft : drafts) {
    for (const size_t token : draft.read) {
      objectives_.add_policy(draft.policy_log_probs[token], row);
      row += n_objectives();
    }
  }
  return objectives;
}

void RewardSum::take(const std::vector<Reading>& drafts) {
  if (empty()) return;
  const auto parts = layout_.by_context(drafts, [](const Reading& draft) { return draft.slot; });
  for (const Reader& reader : readers_) {
    for (size_t context = 0; context < parts.size(); ++context) reader.rewarders[context]->take(parts[context]);
  }
}

void RewardSum::drop(size_t slot, size_t draft) {
  for (size_t reader = 0; reader < readers_.size(); ++reader) rewarder(reader, slot).drop(slot, draft);
}

void RewardSum::clear(size_t slot) {
  if (layout_.capacity.empty()) return;
  for (size_t reader = 0; reader < readers_.size(); ++reader) rewarder(reader, slot).clear(slot);
}

RewarderCounters RewardSum::counters() const {
  RewarderCounters sum;
  for (const Reader& reader : readers_) {
    for (const auto& rewarder : reader.rewarders) {
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
  for (const Reader& reader : readers_) {
    bytes.push_back(0);
    for (const auto& rewarder : reader.rewarders) bytes.back() += rewarder->cache_bytes();
  }
  return bytes;
}

}  // namespace argsearch

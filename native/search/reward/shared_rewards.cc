#include "search/reward/shared_rewards.h"

#include <algorithm>
#include <limits>

namespace argsearch {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

SharedRewards::SharedRewards(Policies& policy, const std::vector<RewardSource>& sources, size_t slots)
    : policy_(policy), sources_(sources), rated_(slots), unread_(slots), late_(slots) {
  layout_.slots_per_context = policy.slots_per_context();
  for (const auto& context : policy.contexts()) {
    const size_t first = windows_.size() * policy.slots_per_context();
    windows_.emplace_back(context->trunk()->hidden(), context->prefixes(), context->candidates(), first);
    layout_.capacity.push_back(context->candidates().capacity());
  }
  for (const RewardSource& source : sources_) n_objectives_ += source.head().n_labels();
}

void SharedRewards::begin(size_t slot) {
  drop(slot);
  unread_[slot] = false;
  late_[slot].clear();
}

/// What was taken unrated before has been decoded for its logits, and its hidden state is there.
void SharedRewards::open(SlotStep& slot) {
  slot.candidates.objectives.assign(slot.candidates.size() * n_objectives_, kNan);
  slot.candidates.rewards.assign(slot.candidates.size(), kNan);
  late_[slot.slot].clear();
  if (!unread_[slot.slot]) return;
  const Policies::Place at = policy_.place(slot.slot);
  late_[slot.slot] = values_of(at.policy.hidden(at.slot));
  unread_[slot.slot] = false;
}

void SharedRewards::rate(const std::vector<Wave>& waves) {
  std::vector<Work> round;
  for (const Wave& wave : waves) {
    make_room(wave);
    round.push_back({&policy_.contexts()[wave.context]->trunk()->context(), [this, &wave] { decode_branches(wave); }});
  }
  try {
    policy_.lanes().run(round);
  } catch (...) {
    for (const Wave& wave : waves) {
      for (const Wave::Part& part : wave.parts) drop(part.slot->slot);
    }
    throw;
  }
  for (const Wave& wave : waves) {
    for (const Wave::Part& part : wave.parts) {
      tokens_ += part.ranks.size();
      if (!part.whole) drop(part.slot->slot);
    }
    ++decodes_;
  }
}

/// Slots that wait for their commit() give way to those that are being rated.
void SharedRewards::make_room(const Wave& wave) {
  size_t wanted = 0;
  for (const Wave::Part& part : wave.parts) {
    drop(part.slot->slot);
    wanted += part.ranks.size();
  }
  make_room(wave.context, wanted);
}

void SharedRewards::make_room(size_t context, size_t wanted) {
  if (wanted <= policy_.contexts()[context]->candidates().free()) return;
  for (size_t slot = 0; slot < rated_.size(); ++slot) {
    if (layout_.context_of(slot) == context) drop(slot);
  }
}

void SharedRewards::drop(size_t slot) {
  const Policies::Place at = policy_.place(slot);
  at.policy.candidates().drop(at.slot);
  rated_[slot].clear();
}

void SharedRewards::decode_branches(const Wave& wave) {
  struct Place {
    SlotStep* slot;
    size_t rank;
  };
  std::vector<Place> places;
  Batch batch;
  for (const Wave::Part& part : wave.parts) {
    const Policies::Place at = policy_.place(part.slot->slot);
    for (const size_t rank : part.ranks) {
      const llama_seq_id branch = at.policy.candidates().take(at.slot, rank);
      batch.add(part.slot->candidates.tokens[rank], at.policy.prefixes().end(at.slot), branch, true);
      places.push_back({part.slot, rank});
    }
  }
  policy_.contexts()[wave.context]->trunk()->hidden().decode(batch, [&](size_t row, const float* hidden) {
    const auto& [slot, rank] = places[row];
    apply_heads(*slot, rank, hidden);
    rated_[slot->slot].push_back({rank, {hidden, hidden + policy_.model().n_embd()}});
  });
}

void SharedRewards::apply_heads(SlotStep& slot, size_t rank, const float* hidden) const {
  const std::vector<double> values = values_of(hidden);
  std::copy(values.begin(), values.end(),
            slot.candidates.objectives.begin() + static_cast<ptrdiff_t>(rank * n_objectives_));
  slot.candidates.rewards[rank] = sum(values.data());
  slot.rated[rank] = true;
}

std::vector<double> SharedRewards::values_of(const float* hidden) const {
  std::vector<double> all;
  for (const RewardSource& source : sources_) {
    const std::vector<double> values = source.model->rewards_of(hidden);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

double SharedRewards::sum(const double* objectives) const {
  double sum = 0;
  for (const RewardSource& source : sources_) {
    for (const double weight : source.weights) sum += weight * *objectives++;
  }
  check_sum(sum);
  return sum;
}

void SharedRewards::commit(const StepPart& slots) {
  for (const SlotStep* slot : slots) {
    const Policies::Place at = policy_.place(slot->slot);
    const std::vector<Rated>& rated = rated_[slot->slot];
    const auto taken =
        std::find_if(rated.begin(), rated.end(), [&](const Rated& each) { return each.rank == *slot->chosen; });
    if (taken != rated.end() &&
        at.policy.candidates().keep(at.slot, *slot->chosen, at.policy.prefixes().end(at.slot))) {
      at.policy.adopt(at.slot, taken->hidden.data());
    }
    unread_[slot->slot] = !slot->rated[*slot->chosen];
    drop(slot->slot);
  }
}

void SharedRewards::rate_ahead(const std::vector<Window*>& windows) {
  const size_t context = layout_.context_of(windows[0]->slot());
  make_room(context, n_candidates(windows));
  struct Place {
    SlotStep* slot;
    size_t rank;
  };
  std::vector<Place> places;
  for (Window* window : windows) {
    for (SlotStep& step : window->steps) {
      for (size_t rank = 0; rank < step.candidates.size(); ++rank) places.push_back({&step, rank});
    }
  }
  windows_[context].read(windows, [&](size_t row, const float* hidden) {
    const auto& [slot, rank] = places[row];
    apply_heads(*slot, rank, hidden);
    std::vector<Rated>& rated = rated_[slot->slot];
    rated.push_back({rated.size(), {hidden, hidden + policy_.model().n_embd()}});
  });
}

void SharedRewards::commit_ahead(const std::vector<Window*>& windows) {
  windows_[layout_.context_of(windows[0]->slot())].commit(windows);
  for (const Window* window : windows) {
    const Policies::Place at = policy_.place(window->slot());
    const Rated& last = rated_[window->slot()][window->last_place()];
    at.policy.adopt_last(at.slot, window->last_taken().token(), last.hidden.data());
    drop(window->slot());
  }
}

uint64_t SharedRewards::tokens() const {
  uint64_t sum = tokens_;
  for (const WindowReader& reader : windows_) sum += reader.tokens();
  return sum;
}

uint64_t SharedRewards::decodes() const {
  uint64_t sum = decodes_;
  for (const WindowReader& reader : windows_) sum += reader.decodes();
  return sum;
}

std::vector<double> SharedRewards::catch_up(const std::vector<CatchUp>& slots) {
  std::vector<std::vector<size_t>> waiting(policy_.contexts().size());
  for (const CatchUp& each : slots) {
    if (each.read > 0) waiting[layout_.context_of(each.slot)].push_back(policy_.place(each.slot).slot);
  }
  policy_.adopt_pending(waiting);
  std::vector<double> values;
  for (const CatchUp& each : slots) {
    if (each.read == 0) continue;
    const Policies::Place at = policy_.place(each.slot);
    const std::vector<double> own = values_of(at.policy.hidden(at.slot));
    values.insert(values.end(), own.begin(), own.end());
    unread_[each.slot] = false;
  }
  return values;
}

}  // namespace argsearch

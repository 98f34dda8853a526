#include "search/reward/branched_reward.h"

#include "context/runs.h"
namespace argsearch {
namespace {

ContextShape shape(uint32_t slots, uint32_t sequences, uint32_t context_size) {
  ContextShape shape{slots * context_size + (sequences - slots), sequences, sequences};
  shape.branches_of_one = slots == 1;
  return shape;
}

}  // namespace

BranchedReward::BranchedReward(std::shared_ptr<const Model> model, const ContextSettings& settings, SlotRange slots,
                               uint32_t sequences, uint32_t context_size)
    : hidden_(std::move(model), settings, shape(slots.count, sequences, context_size)),
      decoder_(hidden_),
      first_(slots.first),
      prefixes_(hidden_.context(), slots.count),
      pending_(slots.count),
      late_(slots.count),
      states_(slots.count),
      branches_(hidden_.context(), slots.count, {slots.count, sequences}),
      reader_(decoder_, prefixes_, branches_, context_size),
      windows_(hidden_, prefixes_, branches_, slots.first) {
  prefixes_.lend_by(branches_);
}

PrefillCount BranchedReward::begin(size_t slot, const std::vector<llama_token>& tokens, size_t most,
                                   bool reads_states) {
  branches_.drop(place(slot));
  pending_[place(slot)].clear();
  late_[place(slot)] = {};
  states_[place(slot)] = {};
  states_[place(slot)].read = reads_states;
  std::vector<llama_token> decoded = tokens;
  if (reads_states) decoded.pop_back();
  const PrefillCount count = prefixes_.fill(place(slot), decoded, [this](Batch& batch) { decoder_.fill(batch); }, most);
  hidden_.context().synchronize();
  if (reads_states && count.left == 0) pending_[place(slot)].push_back(tokens.back());
  return count;
}

std::vector<double> BranchedReward::rate(const Wave& wave) {
  make_room(wave);
  try {
    catch_up_ahead(wave);
    std::vector<double> values = decode_branches(wave);
    for (const Wave::Part& part : wave.parts) {
      if (!part.whole) branches_.drop(place(part.slot->slot));
    }
    return values;
  } catch (...) {
    for (const Wave::Part& part : wave.parts) {
      branches_.drop(place(part.slot->slot));
      prefixes_.repair(place(part.slot->slot));
    }
    throw;
  }
}

/// Slots that wait for their commit() give way to those that are being rated.
void BranchedReward::make_room(const Wave& wave) {
  size_t wanted = 0;
  for (const Wave::Part& part : wave.parts) {
    branches_.drop(place(part.slot->slot));
    wanted += part.ranks.size();
  }
  if (wanted > branches_.free()) branches_.drop_all();
}

/// Where slots have taken more unrated than goes into one batch with the wave, that is decoded first; so it is where a
/// token cannot begin several sequences at once, because each has a state of its own.
void BranchedReward::catch_up_ahead(const Wave& wave) {
  size_t tokens = 0;
  std::vector<CatchUp> slots;
  for (const Wave::Part& part : wave.parts) {
    tokens += part.ranks.size() + pending(part.slot->slot);
    if (pending(part.slot->slot) > 0) slots.push_back({part.slot->slot, 1});
  }
  if (slots.empty() || (tokens <= hidden_.context().batch_size() && !model().is_recurrent())) return;
  const std::vector<double> values = catch_up(slots);
  auto row = values.begin();
  for (const CatchUp& each : slots) {
    const auto next = row + static_cast<ptrdiff_t>(n_labels());
    late_[place(each.slot)] = {length(each.slot) - 1, {row, next}};
    row = next;
  }
}

std::vector<double> BranchedReward::decode_branches(const Wave& wave) {
  batch_.clear();
  size_t candidates = 0;
  for (const Wave::Part& part : wave.parts) candidates += part.ranks.size();
  std::vector<double> values(candidates * n_labels());
  struct Target {
    double* values;
    States* states;
    size_t rank;
  };
  // Where what each output gives goes.
  std::vector<Target> targets;
  double* value = values.data();
  for (const Wave::Part& part : wave.parts) {
    const size_t slot = place(part.slot->slot);
    std::vector<llama_seq_id> sequences{Prefixes::sequence(slot)};
    for (const size_t rank : part.ranks) sequences.push_back(branches_.take(slot, rank));
    llama_pos end = prefixes_.end(slot);
    const size_t pending = pending_[slot].size();
    for (size_t i = 0; i < pending; ++i) batch_.add(pending_[slot][i], end++, sequences, i + 1 == pending);
    if (pending > 0) {
      late_[slot] = {static_cast<size_t>(end) - 1, std::vector<double>(n_labels())};
      targets.push_back({late_[slot].values.data(), nullptr, 0});
    }
    for (size_t i = 0; i < part.ranks.size(); ++i, value += n_labels()) {
      batch_.add(part.slot->candidates.tokens[part.ranks[i]], end, sequences[i + 1], true);
      targets.push_back({value, states_[slot].read ? &states_[slot] : nullptr, part.ranks[i]});
    }
  }
  decoder_.decode(batch_, [&](size_t row, const float* hidden) {
    const Target& target = targets[row];
    head().apply(hidden, target.values);
    if (target.states) target.states->keep(target.rank, hidden, model().n_embd());
  });
  for (const Wave::Part& part : wave.parts) settle(place(part.slot->slot));
  return values;
}

std::vector<double> BranchedReward::before_last(size_t slot) const {
  const Late& late = late_[place(slot)];
  return !late.values.empty() && late.position + 2 == length(slot) ? late.values : std::vector<double>();
}

/// The cache has what was pending.
void BranchedReward::settle(size_t place) {
  for (const llama_token token : pending_[place]) prefixes_.push(place, token);
  pending_[place].clear();
}

std::vector<double> BranchedReward::catch_up(const std::vector<CatchUp>& slots) {
  std::vector<double> values;
  decode_pending(slots, [&](size_t, const float* hidden) {
    values.resize(values.size() + n_labels());
    head().apply(hidden, values.data() + values.size() - n_labels());
  });
  return values;
}

void BranchedReward::read_states(const std::vector<size_t>& slots) {
  std::vector<CatchUp> behind;
  for (const size_t slot : slots) {
    if (pending(slot) > 0) behind.push_back({slot, 1});
  }
  decode_pending(behind, [&](size_t run, const float* hidden) {
    const size_t slot = behind[run].slot;
    states_[place(slot)].last.assign(hidden, hidden + model().n_embd());
    late_[place(slot)] = {length(slot) - 1, std::vector<double>(n_labels())};
    head().apply(hidden, late_[place(slot)].values.data());
  });
}

/// `on_read` is called for the tokens that are read, slot by slot.
void BranchedReward::decode_pending(const std::vector<CatchUp>& slots,
                                    const std::function<void(size_t run, const float*)>& on_read) {
  std::vector<Run> runs;
  for (const CatchUp& each : slots) {
    const size_t at = place(each.slot);
    const std::vector<llama_token>& tokens = pending_[at];
    Run run{Prefixes::sequence(at), prefixes_.end(at), tokens, {}};
    for (size_t token = tokens.size() - each.read; token < tokens.size(); ++token) run.read.push_back(token);
    runs.push_back(std::move(run));
  }
  const auto read = [&](size_t run, size_t, const float* hidden) { on_read(run, hidden); };
  try {
    decoder_.decode(runs, read);
  } catch (...) {
    for (const CatchUp& each : slots) prefixes_.repair(place(each.slot));
    throw;
  }
  for (const CatchUp& each : slots) settle(place(each.slot));
}

void BranchedReward::commit(const StepPart& slots) {
  StepPart lost;
  for (SlotStep* slot : slots) {
    const size_t at = place(slot->slot);
    if (slot->rated[*slot->chosen] && !branches_.keep(at, *slot->chosen, prefixes_.end(at))) lost.push_back(slot);
    branches_.drop(at);
  }
  try {
    if (!lost.empty()) decode_again(lost);
  } catch (...) {
    for (const SlotStep* slot : slots) prefixes_.repair(place(slot->slot));
    throw;
  }
  for (const SlotStep* slot : slots) {
    const size_t at = place(slot->slot);
    if (slot->rated[*slot->chosen]) {
      prefixes_.push(at, slot->token());
      if (states_[at].read) states_[at].last = states_[at].candidates[*slot->chosen];
    } else {
      pending_[at].push_back(slot->token());
    }
    states_[at].candidates.clear();
  }
}

void BranchedReward::decode_again(const StepPart& slots) {
  batch_.clear();
  for (const SlotStep* slot : slots) {
    const size_t at = place(slot->slot);
    batch_.add(slot->token(), prefixes_.end(at), Prefixes::sequence(at), false);
  }
  decoder_.decode(batch_, [](size_t, const float*) {});
}

std::vector<double> BranchedReward::rate_ahead(const std::vector<Window*>& windows) {
  std::vector<double> values(n_candidates(windows) * n_labels());
  windows_.read(windows, [&](size_t row, const float* hidden) { head().apply(hidden, &values[row * n_labels()]); });
  return values;
}

std::vector<double> BranchedReward::read(const std::vector<Reading>& drafts) {
  std::vector<double> values(n_read(drafts) * n_labels());
  reader_.read(placed(drafts),
               [&](size_t row, const float* hidden) { head().apply(hidden, &values[row * n_labels()]); });
  return values;
}

void BranchedReward::clear(size_t slot) {
  branches_.drop(place(slot));
  pending_[place(slot)].clear();
  late_[place(slot)] = {};
  states_[place(slot)] = {};
  prefixes_.clear(place(slot));
}

RewarderCounters BranchedReward::counters() const {
  return {decoder_.tokens() + windows_.tokens(), decoder_.decodes() + windows_.decodes(), hidden_.projections(),
          hidden_.context().decode_ms()};
}

}  // namespace argsearch

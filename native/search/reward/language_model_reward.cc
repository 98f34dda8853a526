#include "search/reward/language_model_reward.h"

#include <algorithm>

#include "bounds.h"
#include "context/probe.h"

namespace argsearch {
namespace {

/// The branch in which a slot's leads are decoded.
constexpr size_t kLeads = 0;

/// Beside those of its slots at least one, for drafts and leads.
uint32_t sequences_of(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
                      uint32_t contexts) {
  const auto most = static_cast<uint32_t>(engine().llama_max_parallel_sequences());
  const size_t state = model->can_branch() ? state_bytes(model, settings) : 0;
  const auto n_vocab = static_cast<uint32_t>(model->n_vocab());
  return std::max(policy_sequences(slots, n_vocab, contexts, most, state), slots + 1);
}

ContextShape shape_of(uint32_t slots, uint32_t sequences, uint32_t context_size) {
  return {slots * context_size, sequences, sequences};
}

}  // namespace

LanguageModelReward::LanguageModelReward(const std::shared_ptr<const Model>& model, RewardKind kind,
                                         const ContextSettings& settings, SlotRange slots, uint32_t contexts,
                                         uint32_t context_size)
    : kind_(kind),
      logits_(model, settings,
              shape_of(slots.count, sequences_of(model, settings, slots.count, contexts), context_size)),
      decoder_(logits_),
      first_(slots.first),
      prefixes_(logits_.context(), slots.count),
      slots_(slots.count),
      branches_(logits_.context(), slots.count, {slots.count, logits_.max_outputs()}),
      reader_(decoder_, prefixes_, branches_, context_size) {
  prefixes_.lend_by(branches_);
}

PrefillCount LanguageModelReward::begin(size_t slot, const std::vector<llama_token>& tokens, size_t most,
                                        bool /*reads_states*/) {
  branches_.drop(place(slot));
  slots_[place(slot)] = {};
  const std::vector<llama_token> prefix(tokens.begin(), tokens.end() - 1);
  const PrefillCount count = prefixes_.fill(place(slot), prefix, [this](Batch& batch) { decoder_.fill(batch); }, most);
  logits_.context().synchronize();
  if (count.left == 0) slots_[place(slot)].waiting.push_back(tokens.back());
  return count;
}

size_t LanguageModelReward::length(size_t slot) const {
  return prefixes_.size(place(slot)) + slots_[place(slot)].waiting.size();
}

void LanguageModelReward::keep_next(Slot& slot, const float* logits) {
  slot.next.assign(logits, logits + model().n_vocab());
  slot.values = values_of(slot.next.data());
}

/// The cache has the first of what waited.
void LanguageModelReward::settle(size_t place, size_t tokens) {
  std::vector<llama_token>& waiting = slots_[place].waiting;
  for (size_t i = 0; i < tokens; ++i) prefixes_.push(place, waiting[i]);
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<ptrdiff_t>(tokens));
}

/// Of the slots where something waits: all of it, in one batch if it fits. The logits of the last token but one say
/// what the last one is worth, where it was taken unrated.
void LanguageModelReward::decode_waiting(const std::vector<size_t>& places) {
  std::vector<Run> runs;
  std::vector<size_t> places_of_runs;
  for (const size_t at : places) {
    const Slot& slot = slots_[at];
    const size_t count = slot.waiting.size();
    if (count == 0) continue;
    Run run{Prefixes::sequence(at), prefixes_.end(at), slot.waiting, {}};
    if (slot.unrated > 0) run.read.push_back(count - 2);
    run.read.push_back(count - 1);
    runs.push_back(std::move(run));
    places_of_runs.push_back(at);
  }
  const auto on_read = [&](size_t run, size_t token, const float* logits) {
    Slot& slot = slots_[places_of_runs[run]];
    if (token + 1 == runs[run].tokens.size()) {
      keep_next(slot, logits);
    } else {
      slot.late = values_of(logits)(runs[run].tokens.back());
      slot.late_at = static_cast<size_t>(runs[run].start) + token + 1;
    }
  };
  try {
    decoder_.decode(runs, on_read);
  } catch (...) {
    for (const size_t at : places_of_runs) prefixes_.repair(at);
    throw;
  }
  for (const size_t at : places_of_runs) {
    settle(at, slots_[at].waiting.size());
    slots_[at].unrated = 0;
  }
}

void LanguageModelReward::read_ahead(const StepPart& slots) {
  std::vector<size_t> places;
  for (const SlotStep* slot : slots) places.push_back(place(slot->slot));
  decode_waiting(places);
}

std::vector<double> LanguageModelReward::rate(const Wave& wave) {
  StepPart slots;
  for (const Wave::Part& part : wave.parts) slots.push_back(part.slot);
  read_ahead(slots);
  std::vector<double> values;
  for (const Wave::Part& part : wave.parts) {
    const TokenValues& value = *slots_[place(part.slot->slot)].values;
    for (const size_t rank : part.ranks) values.push_back(value(part.slot->candidates.tokens[rank]));
  }
  return values;
}

void LanguageModelReward::commit(const StepPart& slots) {
  for (const SlotStep* step : slots) {
    Slot& slot = slots_[place(step->slot)];
    // What stands behind a prefix that is read already is not late.
    if (!step->rated[*step->chosen] && !slot.waiting.empty()) ++slot.unrated;
    slot.waiting.push_back(step->token());
    slot.values.reset();
  }
}

/// All but the last of what waits, whose own value needs no more.
std::vector<double> LanguageModelReward::catch_up(const std::vector<CatchUp>& slots) {
  std::vector<Run> runs;
  for (const CatchUp& each : slots) {
    const size_t at = place(each.slot);
    const std::vector<llama_token>& waiting = slots_[at].waiting;
    Run run{Prefixes::sequence(at), prefixes_.end(at), {}, {}};
    if (each.read > 0) run.tokens.assign(waiting.begin(), waiting.end() - 1);
    for (size_t read = run.tokens.size() - each.read; read < run.tokens.size(); ++read) run.read.push_back(read);
    runs.push_back(std::move(run));
  }
  std::vector<double> values;
  const auto on_read = [&](size_t run, size_t token, const float* logits) {
    const llama_token next = slots_[place(slots[run].slot)].waiting[token + 1];
    values.push_back(values_of(logits)(next));
  };
  try {
    decoder_.decode(runs, on_read);
  } catch (...) {
    for (const CatchUp& each : slots) prefixes_.repair(place(each.slot));
    throw;
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    settle(place(slots[i].slot), runs[i].tokens.size());
    slots_[place(slots[i].slot)].unrated = 0;
  }
  return values;
}

std::vector<double> LanguageModelReward::before_last(size_t slot) const {
  const Slot& own = slots_[place(slot)];
  const bool there = own.late_at != SIZE_MAX && own.late_at + 2 == length(slot);
  return there ? std::vector<double>{own.late} : std::vector<double>();
}

/// What waits and the leads of each window but the last are decoded in a branch: each gives the values of those behind
/// it.
std::vector<double> LanguageModelReward::rate_ahead(const std::vector<Window*>& windows) {
  if (windows.size() > branches_.free()) branches_.drop_all();
  std::vector<Run> runs;
  std::vector<double> values(n_candidates(windows));
  std::vector<size_t> first_of;
  size_t first = 0;
  for (const Window* window : windows) {
    const size_t at = place(window->slot());
    const std::vector<llama_token>& waiting = slots_[at].waiting;
    Run run{branches_.take(at, kLeads), prefixes_.end(at), waiting, {}};
    for (size_t step = 0; step + 1 < window->steps.size(); ++step) run.tokens.push_back(window->lead(step));
    for (size_t token = waiting.size() - 1; token < run.tokens.size(); ++token) run.read.push_back(token);
    runs.push_back(std::move(run));
    first_of.push_back(first);
    first += window->n_candidates();
  }
  const auto on_read = [&](size_t run, size_t token, const float* logits) {
    const Window& window = *windows[run];
    const size_t step = token + 1 - slots_[place(window.slot())].waiting.size();
    const TokenValues value = values_of(logits);
    double* row = &values[first_of[run] + window.n_candidates(step)];
    for (const llama_token candidate : window.steps[step].candidates.tokens) *row++ = value(candidate);
  };
  try {
    decoder_.decode(runs, on_read);
  } catch (...) {
    for (const Window* window : windows) branches_.drop(place(window->slot()));
    throw;
  }
  return values;
}

/// The last token taken waits, as ever.
void LanguageModelReward::commit_ahead(const std::vector<Window*>& windows) {
  for (const Window* window : windows) {
    const size_t at = place(window->slot());
    Slot& slot = slots_[at];
    const size_t decoded = slot.waiting.size() + window->taken - 1;
    branches_.keep(at, kLeads, prefixes_.end(at), decoded);
    branches_.drop(at);
    for (size_t step = 0; step < window->taken; ++step) slot.waiting.push_back(window->steps[step].token());
    settle(at, decoded);
    slot.unrated = 0;
    slot.values.reset();
  }
}

/// Behind the prefix, when all that waited is there: a draft's first token is worth what the prefix says of it, and the
/// others what those before them say. So the last is not decoded.
std::vector<Reading> LanguageModelReward::behind_prefixes(const std::vector<Reading>& drafts) const {
  std::vector<Reading> shifted;
  for (const Reading& draft : drafts) {
    Reading reading{place(draft.slot), draft.draft, draft.tokens, {}, {}};
    reading.tokens.pop_back();
    for (const size_t token : draft.read) {
      if (token > 0) reading.read.push_back(token - 1);
    }
    shifted.push_back(std::move(reading));
  }
  return shifted;
}

std::vector<double> LanguageModelReward::read(const std::vector<Reading>& drafts) {
  std::vector<size_t> places;
  for (const Reading& draft : drafts) {
    if (!draft.read.empty() && (places.empty() || places.back() != place(draft.slot))) {
      places.push_back(place(draft.slot));
    }
  }
  decode_waiting(places);
  std::vector<double> values(n_read(drafts));
  // Where in `values` each row goes, and the token that it is to value.
  std::vector<std::pair<size_t, llama_token>> targets;
  size_t next = 0;
  for (const Reading& draft : drafts) {
    for (const size_t token : draft.read) {
      if (token == 0) {
        values[next++] = (*slots_[place(draft.slot)].values)(draft.tokens[0]);
      } else {
        targets.emplace_back(next++, draft.tokens[token]);
      }
    }
  }
  reader_.read(behind_prefixes(drafts), [&](size_t row, const float* logits) {
    const auto& [to, token] = targets[row];
    values[to] = values_of(logits)(token);
  });
  return values;
}

void LanguageModelReward::take(const std::vector<Reading>& drafts) {
  std::vector<size_t> places;
  for (const Reading& draft : drafts) places.push_back(place(draft.slot));
  decode_waiting(places);
  reader_.take(behind_prefixes(drafts));
  for (const Reading& draft : drafts) {
    Slot& slot = slots_[place(draft.slot)];
    slot.waiting.push_back(draft.tokens.back());
    slot.values.reset();
  }
}

void LanguageModelReward::clear(size_t slot) {
  branches_.drop(place(slot));
  slots_[place(slot)] = {};
  prefixes_.clear(place(slot));
}

RewarderCounters LanguageModelReward::counters() const {
  return {decoder_.tokens(), decoder_.decodes(), 0, logits_.context().decode_ms()};
}

}  // namespace argsearch

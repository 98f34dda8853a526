#include "search/reward/retokenised_reward.h"

#include <algorithm>

#include "error.h"
#include "search/reward/pending_run.h"

namespace argsearch {
namespace {

/// Cells of a branch, on average: most candidates are one token or two for the reward model, too.
constexpr size_t kCellsPerBranch = 4;
/// Tokens that end a turn, at most.
constexpr size_t kEndTokens = 16;

size_t branch_cells(const Retokeniser& retokeniser, uint32_t branches) {
  return std::max(kCellsPerBranch * branches, retokeniser.most_tokens(kEndTokens));
}

ContextShape shape(SlotRange slots, uint32_t sequences, uint32_t context_size, size_t branch_cells) {
  const auto cells = slots.count * context_size + static_cast<uint32_t>(branch_cells);
  ContextShape shape{cells, sequences, sequences};
  shape.branches_of_one = slots.count == 1;
  return shape;
}

}  // namespace

RetokenisedReward::RetokenisedReward(std::shared_ptr<const Model> model, std::shared_ptr<const Model> writer,
                                     const ContextSettings& settings, SlotRange slots, uint32_t sequences,
                                     uint32_t context_size)
    : first_(slots.first),
      context_size_(context_size),
      writer_(std::move(writer)),
      retokeniser_(writer_->vocabulary(), model->vocabulary()),
      branch_cells_(branch_cells(retokeniser_, sequences - slots.count)),
      hidden_(model, settings, shape(slots, sequences, context_size, branch_cells_)),
      decoder_(hidden_),
      prefixes_(hidden_.context(), slots.count),
      branches_(hidden_.context(), slots.count, {slots.count, sequences}),
      drafts_(decoder_, prefixes_, branches_, retokeniser_, slots.count, context_size),
      slots_(slots.count) {
  prefixes_.lend_by(branches_);
}

/// The last token is decoded apart: the prompt's own reward is that of candidates that complete no character.
PrefillCount RetokenisedReward::begin(size_t slot, const std::vector<llama_token>& tokens, size_t most,
                                      bool /*reads_states*/) {
  const size_t at = place(slot);
  branches_.drop(at);
  std::vector<llama_token> end = std::move(slots_[at].end);
  slots_[at] = {};
  slots_[at].end = std::move(end);
  drafts_.begin(at, tokens, slots_[at].end);
  const std::vector<llama_token> before(tokens.begin(), tokens.end() - 1);
  PrefillCount count = prefixes_.fill(at, before, [this](Batch& batch) { decoder_.fill(batch); }, most);
  if (count.left > 0 || count.decoded == most) return {count.cached, count.shared, count.decoded, count.left + 1};
  Batch batch;
  batch.add(tokens.back(), prefixes_.end(at), Prefixes::sequence(at), true);
  try {
    decoder_.fill(batch, [&](size_t, const float* hidden) { slots_[at].values = values_of(hidden); });
  } catch (...) {
    prefixes_.repair(at);
    throw;
  }
  ++count.decoded;
  prefixes_.push(at, tokens.back());
  return count;
}

std::vector<double> RetokenisedReward::values_of(const float* hidden) const {
  std::vector<double> values(n_labels());
  head().apply(hidden, values.data());
  return values;
}

/// As far as there is room in the context, and for a branch: what is longer fills the slot.
std::vector<llama_token> RetokenisedReward::apart(const Slot& slot, size_t place, llama_token token) {
  std::vector<llama_token> tokens = retokeniser_.apart(slot.response, token, slot.end);
  const size_t room = context_size_ - std::min(context_size_, held(place));
  tokens.resize(std::min({tokens.size(), room, branch_cells_}));
  return tokens;
}

size_t RetokenisedReward::held(size_t place) const {
  size_t tokens = prefixes_.size(place);
  for (const std::vector<llama_token>& each : slots_[place].pending) tokens += each.size();
  return tokens;
}

std::vector<bool> RetokenisedReward::waiting(const SlotStep& slot) const {
  const ResponseText& response = slots_[place(slot.slot)].response;
  std::vector<bool> waits;
  for (const llama_token token : slot.candidates.tokens) {
    waits.push_back(!retokeniser_.with({"", response.torn}, token).torn.empty());
  }
  return waits;
}

std::vector<double> RetokenisedReward::rate(const Wave& wave) {
  std::vector<size_t> behind;
  for (const Wave::Part& part : wave.parts) {
    if (pending(part.slot->slot) > 0) behind.push_back(place(part.slot->slot));
  }
  read_pending(behind);
  for (const size_t at : behind) {
    slots_[at].late = slots_[at].values;
    slots_[at].late_at = slots_[at].taken;
  }
  const std::vector<Due> due = open(wave);
  make_room(wave, due);
  try {
    decode_candidates(due);
  } catch (...) {
    for (const Wave::Part& part : wave.parts) branches_.drop(place(part.slot->slot));
    throw;
  }
  std::vector<double> values;
  for (const Wave::Part& part : wave.parts) {
    const Slot& slot = slots_[place(part.slot->slot)];
    for (const size_t rank : part.ranks) {
      const std::vector<double>& own = slot.rated.at(rank).values;
      values.insert(values.end(), own.begin(), own.end());
    }
    if (!part.whole) branches_.drop(place(part.slot->slot));
  }
  return values;
}

/// The candidates of a wave, those without tokens with the values of what stands before them.
std::vector<RetokenisedReward::Due> RetokenisedReward::open(const Wave& wave) {
  std::vector<Due> due;
  for (const Wave::Part& part : wave.parts) {
    const size_t at = place(part.slot->slot);
    Slot& slot = slots_[at];
    for (const size_t rank : part.ranks) {
      Rated& rated = slot.rated[rank];
      rated = {apart(slot, at, part.slot->candidates.tokens[rank]), slot.values};
      if (!rated.tokens.empty()) due.push_back({at, rank, &rated});
    }
  }
  return due;
}

/// Slots that wait for their commit() give way to those that are being rated.
void RetokenisedReward::make_room(const Wave& wave, const std::vector<Due>& due) {
  for (const Wave::Part& part : wave.parts) branches_.drop(place(part.slot->slot));
  size_t tokens = branch_tokens();
  for (const Due& each : due) tokens += each.rated->tokens.size();
  if (due.size() > branches_.free() || tokens > branch_cells_) branches_.drop_all();
}

/// What the branches of candidates have, of all slots.
size_t RetokenisedReward::branch_tokens() const {
  size_t tokens = 0;
  for (size_t at = 0; at < slots_.size(); ++at) {
    for (const auto& [rank, rated] : slots_[at].rated) tokens += branches_.length(at, rank);
  }
  return tokens;
}

/// Where all do not fit side by side, in parts, of which the last keeps its branches.
void RetokenisedReward::decode_candidates(const std::vector<Due>& due) {
  for (size_t first = 0; first < due.size();) {
    for (size_t i = 0; i < first; ++i) branches_.drop(due[i].place, due[i].rank);
    std::vector<Run> runs;
    size_t tokens = 0;
    for (size_t i = first; i < due.size(); ++i) {
      const std::vector<llama_token>& own = due[i].rated->tokens;
      tokens += own.size();
      if (!runs.empty() && tokens > branch_cells_) break;
      runs.push_back({branches_.take(due[i].place, due[i].rank), prefixes_.end(due[i].place), own, {own.size() - 1}});
    }
    decoder_.decode(
        runs, [&](size_t run, size_t, const float* hidden) { due[first + run].rated->values = values_of(hidden); });
    for (size_t run = 0; run < runs.size(); ++run) {
      branches_.grow(due[first + run].place, due[first + run].rank, runs[run].tokens.size());
    }
    first += runs.size();
  }
}

void RetokenisedReward::commit(const StepPart& slots) {
  keep(slots);
  for (const SlotStep* each : slots) {
    const size_t at = place(each->slot);
    Slot& slot = slots_[at];
    if (each->rated[*each->chosen]) {
      Rated& rated = slot.rated.at(*each->chosen);
      for (const llama_token token : rated.tokens) prefixes_.push(at, token);
      slot.values = std::move(rated.values);
    } else {
      slot.pending.push_back(apart(slot, at, each->token()));
    }
    slot.response = retokeniser_.with(slot.response, each->token());
    slot.rated.clear();
    ++slot.taken;
  }
}

/// Makes the cells of what was chosen the slots' own; where its branch is gone, it is decoded once more.
void RetokenisedReward::keep(const StepPart& slots) {
  std::vector<Run> lost;
  for (const SlotStep* each : slots) {
    const size_t at = place(each->slot);
    if (each->rated[*each->chosen]) {
      const std::vector<llama_token>& tokens = slots_[at].rated.at(*each->chosen).tokens;
      const bool found = tokens.empty() || branches_.keep(at, *each->chosen, prefixes_.end(at), tokens.size());
      if (!found) lost.push_back({Prefixes::sequence(at), prefixes_.end(at), tokens, {}});
    }
    branches_.drop(at);
  }
  try {
    decoder_.decode(lost, [](size_t, size_t, const float*) {});
  } catch (...) {
    for (const SlotStep* each : slots) prefixes_.repair(place(each->slot));
    throw;
  }
}

std::vector<double> RetokenisedReward::catch_up(const std::vector<CatchUp>& slots) {
  std::vector<size_t> places;
  for (const CatchUp& each : slots) places.push_back(place(each.slot));
  const std::vector<LastTwo> rows = read_pending(places);
  std::vector<double> values;
  for (size_t i = 0; i < slots.size(); ++i) {
    for (const size_t row : last_of(rows[i].size(), slots[i].read)) {
      values.insert(values.end(), rows[i][row].begin(), rows[i][row].end());
    }
  }
  return values;
}

/// Decodes what slots took unrated, and returns the values of the last two of the policy's tokens of each, or of as
/// many as there are.
std::vector<RetokenisedReward::LastTwo> RetokenisedReward::read_pending(const std::vector<size_t>& places) {
  std::vector<Run> runs;
  std::vector<std::vector<size_t>> read_by;
  for (const size_t at : places) {
    PendingRun pending = pending_run(Prefixes::sequence(at), prefixes_.end(at), slots_[at].pending);
    runs.push_back(std::move(pending.run));
    read_by.push_back(std::move(pending.read_by));
  }
  // Of each place, by how many of its tokens are read.
  std::vector<std::map<size_t, std::vector<double>>> found(places.size());
  try {
    decoder_.decode(runs,
                    [&](size_t run, size_t token, const float* hidden) { found[run][token + 1] = values_of(hidden); });
  } catch (...) {
    for (const size_t at : places) prefixes_.repair(at);
    throw;
  }
  std::vector<LastTwo> rows;
  for (size_t i = 0; i < places.size(); ++i) {
    Slot& slot = slots_[places[i]];
    rows.emplace_back();
    for (const size_t count : read_by[i]) rows.back().push_back(count == 0 ? slot.values : found[i].at(count));
    if (!rows.back().empty()) slot.values = rows.back().back();
    for (const llama_token token : runs[i].tokens) prefixes_.push(places[i], token);
    slot.pending.clear();
  }
  return rows;
}

std::vector<double> RetokenisedReward::before_last(size_t slot) const {
  const Slot& own = slots_[place(slot)];
  return !own.late.empty() && own.late_at + 1 == own.taken ? own.late : std::vector<double>();
}

std::vector<double> RetokenisedReward::rate_ahead(const std::vector<Window*>& /*windows*/) {
  throw Error(ErrorCode::kModelUnsupported,
              model().path() +
                  ": a reward model with another tokenizer than the policy's rates one step at a time; "
                  "leave lookahead out.");
}

void RetokenisedReward::clear(size_t slot) {
  branches_.drop(place(slot));
  slots_[place(slot)] = {};
  drafts_.clear(place(slot));
  prefixes_.clear(place(slot));
}

RewarderCounters RetokenisedReward::counters() const {
  const double ms = hidden_.context().decode_ms();
  return {decoder_.tokens(), decoder_.decodes(), hidden_.projections(), ms};
}

}  // namespace argsearch

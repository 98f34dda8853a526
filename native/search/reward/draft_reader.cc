#include "search/reward/draft_reader.h"

#include <algorithm>

#include "bounds.h"

namespace argsearch {

void DraftReader::read(const std::vector<Reading>& drafts, const OnRow& on_row) {
  std::vector<size_t> row_of(drafts.size() + 1, 0);
  for (size_t i = 0; i < drafts.size(); ++i) row_of[i + 1] = row_of[i] + drafts[i].read.size();
  const std::vector<Group> slots = groups(drafts);
  try {
    for (size_t number = 0;; ++number) {
      const std::vector<size_t> places = wave(drafts, slots, number);
      if (places.empty()) return;
      make_room(drafts, slots, places);
      std::vector<Run> runs;
      for (const size_t place : places) runs.push_back(missing(drafts[place]));
      decoder_.decode(runs, [&](size_t run, size_t, const float* row) { on_row(row_of[places[run]]++, row); });
      for (size_t i = 0; i < places.size(); ++i) {
        branches_.grow(drafts[places[i]].slot, drafts[places[i]].draft, runs[i].tokens.size());
      }
    }
  } catch (...) {
    for (const Reading& draft : drafts) branches_.drop(draft.slot);
    throw;
  }
}

std::vector<DraftReader::Group> DraftReader::groups(const std::vector<Reading>& drafts) const {
  std::vector<Group> found;
  for (size_t first = 0; first < drafts.size();) {
    const size_t slot = drafts[first].slot;
    size_t end = first;
    size_t longest = 0;
    for (; end < drafts.size() && drafts[end].slot == slot; ++end)
      longest = std::max(longest, drafts[end].tokens.size());
    const size_t room = context_size_ - std::min(context_size_, prefixes_.size(slot));
    const size_t width = drafts_at_once(branches_.capacity(), prefixes_.slots(), room, longest);
    found.push_back({first, end - first, width});
    first = end;
  }
  return found;
}

std::vector<size_t> DraftReader::wave(const std::vector<Reading>& drafts, const std::vector<Group>& groups,
                                      size_t number) const {
  std::vector<size_t> places;
  for (const Group& group : groups) {
    size_t read = 0;
    for (size_t place = group.first; place < group.first + group.count; ++place) {
      if (drafts[place].read.empty()) continue;
      if (read++ / group.width == number) places.push_back(place);
    }
  }
  return places;
}

/// Branches for a wave: where a slot's drafts have no place side by side, those of the wave before go, and where others
/// of the context hold too many, all do.
void DraftReader::make_room(const std::vector<Reading>& drafts, const std::vector<Group>& groups,
                            const std::vector<size_t>& wave) {
  for (const Group& group : groups) {
    const auto own = [&](size_t place) { return place >= group.first && place < group.first + group.count; };
    if (group.count > group.width && std::any_of(wave.begin(), wave.end(), own))
      branches_.drop(drafts[group.first].slot);
  }
  size_t lacking = 0;
  for (const size_t place : wave) lacking += branches_.find(drafts[place].slot, drafts[place].draft) ? 0 : 1;
  if (lacking > branches_.free()) branches_.drop_all();
}

/// The tokens that a draft's branch lacks. One that is to be read and is there already has been read before.
Run DraftReader::missing(const Reading& draft) {
  const std::optional<llama_seq_id> found = branches_.find(draft.slot, draft.draft);
  const llama_seq_id sequence = found ? *found : branches_.take(draft.slot, draft.draft);
  const size_t held = branches_.length(draft.slot, draft.draft);
  Run run{sequence, prefixes_.end(draft.slot) + static_cast<llama_pos>(held), {}, {}};
  run.tokens.assign(draft.tokens.begin() + static_cast<ptrdiff_t>(held), draft.tokens.end());
  for (const size_t token : draft.read) run.read.push_back(token - held);
  return run;
}

void DraftReader::take(const std::vector<Reading>& drafts) {
  std::vector<Run> lost;
  for (const Reading& draft : drafts) {
    const size_t held = branches_.length(draft.slot, draft.draft);
    branches_.keep(draft.slot, draft.draft, prefixes_.end(draft.slot), held);
    branches_.drop(draft.slot);
    if (held == draft.tokens.size()) continue;
    lost.push_back({Prefixes::sequence(draft.slot),
                    prefixes_.end(draft.slot) + static_cast<llama_pos>(held),
                    {draft.tokens.begin() + static_cast<ptrdiff_t>(held), draft.tokens.end()},
                    {}});
  }
  try {
    decoder_.decode(lost, [](size_t, size_t, const float*) {});
  } catch (...) {
    for (const Reading& draft : drafts) prefixes_.repair(draft.slot);
    throw;
  }
  for (const Reading& draft : drafts) {
    for (const llama_token token : draft.tokens) prefixes_.push(draft.slot, token);
  }
}

}  // namespace argsearch

#include "search/reward/retokenised_drafts.h"

#include <algorithm>

namespace argsearch {
namespace {

/// Rows of `width` values for each of these positions, out of those of the different ones among them, which are there
/// in ascending order.
void spread(const std::vector<size_t>& positions, const double*& row, size_t width, std::vector<double>& values) {
  for (size_t i = 0; i < positions.size(); ++i) {
    if (i > 0 && positions[i] != positions[i - 1]) row += width;
    values.insert(values.end(), row, row + width);
  }
  if (!positions.empty()) row += width;
}

}  // namespace

std::vector<double> RetokenisedDrafts::read(const std::vector<Reading>& drafts) {
  std::vector<Sequence> sequences;
  std::map<size_t, size_t> common;
  for (const Reading& draft : drafts) {
    sequences.push_back(sequence(draft));
    const Sequence& own = sequences.back();
    size_t same = common_prefix(prefixes_.tokens(draft.slot), own.tokens);
    if (!own.positions.empty()) same = std::min(same, own.positions.front());
    const auto [least, first] = common.try_emplace(draft.slot, same);
    if (!first) least->second = std::min(least->second, same);
  }
  for (const auto& [slot, length] : common) cut(slot, length);
  std::vector<Reading> own;
  for (size_t i = 0; i < drafts.size(); ++i) own.push_back(behind(drafts[i], sequences[i]));
  const RewardHead& head = *decoder_.context().model().head();
  const size_t width = head.n_labels();
  std::vector<double> rows(n_read(own) * width);
  reader_.read(own, [&](size_t row, const float* hidden) { head.apply(hidden, &rows[row * width]); });
  const double* row = rows.data();
  std::vector<double> values;
  for (const Sequence& each : sequences) spread(each.positions, row, width, values);
  return values;
}

/// As far as the context has room.
RetokenisedDrafts::Sequence RetokenisedDrafts::sequence(const Reading& draft) const {
  const Slot& slot = slots_[draft.slot];
  const Retokenised response = retokeniser_.whole(slot.response, draft.tokens, slot.end);
  Sequence found{slot.prompt, {}};
  found.tokens.insert(found.tokens.end(), response.tokens.begin(), response.tokens.end());
  found.tokens.resize(std::min(found.tokens.size(), context_size_));
  for (const size_t token : draft.read) {
    found.positions.push_back(std::min(slot.prompt.size() + response.read_by[token], found.tokens.size()) - 1);
  }
  return found;
}

/// A recurrent model, which cannot be cut, reads anew what is left.
void RetokenisedDrafts::cut(size_t slot, size_t length) {
  const std::vector<llama_token>& held = prefixes_.tokens(slot);
  if (length == held.size()) return;
  branches_.drop(slot);
  slots_[slot].branches.clear();
  const std::vector<llama_token> left(held.begin(), held.begin() + static_cast<ptrdiff_t>(length));
  prefixes_.fill(slot, left, [this](Batch& batch) { decoder_.fill(batch); });
}

/// The draft behind what its slot holds, each position once. Of a branch that was read before, what is the same stays.
Reading RetokenisedDrafts::behind(const Reading& draft, const Sequence& sequence) {
  const size_t held = prefixes_.size(draft.slot);
  Reading found{draft.slot, draft.draft, {}, {}, {}};
  found.tokens.assign(sequence.tokens.begin() + static_cast<ptrdiff_t>(held), sequence.tokens.end());
  for (const size_t position : sequence.positions) {
    if (found.read.empty() || found.read.back() != position - held) found.read.push_back(position - held);
  }
  std::vector<llama_token>& branch = slots_[draft.slot].branches[draft.draft];
  size_t same = common_prefix(branch, found.tokens);
  if (!found.read.empty()) same = std::min(same, found.read.front());
  branches_.shrink(draft.slot, draft.draft, held, same);
  branch = found.tokens;
  return found;
}

void RetokenisedDrafts::take(const std::vector<Reading>& drafts) {
  std::vector<Reading> own;
  for (const Reading& draft : drafts) own.push_back(behind(draft, sequence(draft)));
  reader_.take(own);
  for (const Reading& draft : drafts) {
    Slot& slot = slots_[draft.slot];
    for (const llama_token token : draft.tokens) slot.response = retokeniser_.with(slot.response, token);
    slot.branches.clear();
  }
}

void RetokenisedDrafts::drop(size_t slot, size_t draft) {
  branches_.drop(slot, draft);
  slots_[slot].branches.erase(draft);
}

}  // namespace argsearch

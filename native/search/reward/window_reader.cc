#include "search/reward/window_reader.h"

namespace argsearch {
namespace {

/// What its branch is taken by: a candidate's place among all of the window. The first lead's is the branch of leads.
constexpr size_t kLeads = 0;

}  // namespace

void WindowReader::read(const std::vector<Window*>& windows, const OnRow& on_row) {
  make_room(windows);
  try {
    batch_.clear();
    for (const Window* window : windows) add(*window);
    hidden_.decode(batch_, on_row);
    tokens_ += batch_.size();
    ++decodes_;
  } catch (...) {
    for (const Window* window : windows) branches_.drop(place(*window));
    throw;
  }
}

/// Slots that wait for their commit() give way.
void WindowReader::make_room(const std::vector<Window*>& windows) {
  if (n_candidates(windows) > branches_.free()) branches_.drop_all();
}

/// Step by step, candidate by candidate.
void WindowReader::add(const Window& window) {
  const size_t slot = place(window);
  // Of each step, those of the candidates that are no leads.
  std::vector<std::vector<llama_seq_id>> branches;
  std::vector<llama_seq_id> behind{branches_.take(slot, kLeads)};
  size_t candidate = 0;
  for (const SlotStep& step : window.steps) {
    branches.emplace_back();
    ++candidate;
    for (size_t rank = 1; rank < step.candidates.size(); ++rank) {
      branches.back().push_back(branches_.take(slot, candidate++));
    }
    behind.insert(behind.end(), branches.back().begin(), branches.back().end());
  }
  llama_pos position = prefixes_.end(slot);
  for (size_t step = 0; step < window.steps.size(); ++step, ++position) {
    const std::vector<llama_token>& tokens = window.steps[step].candidates.tokens;
    behind.erase(behind.begin() + 1, behind.begin() + 1 + static_cast<ptrdiff_t>(branches[step].size()));
    batch_.add(tokens[0], position, behind, true);
    for (size_t rank = 1; rank < tokens.size(); ++rank)
      batch_.add(tokens[rank], position, branches[step][rank - 1], true);
  }
}

void WindowReader::commit(const std::vector<Window*>& windows) {
  for (const Window* window : windows) {
    const size_t slot = place(*window);
    const size_t leads = window->leads_taken();
    const llama_pos end = prefixes_.end(slot);
    if (leads > 0) branches_.keep(slot, kLeads, end, leads);
    if (leads < window->taken) branches_.keep(slot, window->last_place(), end + static_cast<llama_pos>(leads));
    branches_.drop(slot);
    for (size_t step = 0; step < window->taken; ++step) prefixes_.push(slot, window->steps[step].token());
  }
}

}  // namespace argsearch

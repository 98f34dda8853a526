#include "search/steps/lookahead.h"

#include <algorithm>
#include <map>

#include "search/select/select.h"
#include "search/steps/proposal.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

/// The branch of the policy in which a slot's leads are decoded.
constexpr size_t kLeads = 0;

/// Weights of one more step in the shares of leads that were taken: of the slot, of the search.
constexpr double kSlotMemory = 0.05;
constexpr double kSearchMemory = 0.01;

size_t context_of(const SlotStep& slot) { return slot.rewards()->layout().context_of(slot.slot); }

}  // namespace

bool Lookahead::can_roll_back() const {
  if (policy_.model().is_recurrent() || rewards_.retokenises()) return false;
  for (size_t term = 0; term < rewards_.size(); ++term) {
    if (rewards_.model(term).is_recurrent()) return false;
  }
  return true;
}

std::vector<Window> Lookahead::take(Step& step) {
  const bool possible = can_roll_back();
  const auto looks_ahead = [&](const SlotStep& slot) { return possible && slot.state->settings.lookahead.any(); };
  // Slots in each context that rates them.
  std::map<std::pair<const StepRewards*, size_t>, size_t> sharing;
  for (const SlotStep& slot : step) {
    if (looks_ahead(slot)) ++sharing[{slot.rewards(), context_of(slot)}];
  }
  std::vector<Window> windows;
  Step rest;
  for (SlotStep& slot : step) {
    const size_t length = looks_ahead(slot) ? most(slot, sharing[{slot.rewards(), context_of(slot)}]) : 1;
    if (length < 2) {
      rest.push_back(std::move(slot));
      continue;
    }
    windows.emplace_back();
    windows.back().length = length;
    windows.back().steps.push_back(std::move(slot));
  }
  step = std::move(rest);
  pace(windows);
  return windows;
}

/// Steps that a window may have: all of its candidates are rated in one decode, in the slot's share of its context.
size_t Lookahead::most(const SlotStep& slot, size_t sharing) const {
  const SlotSettings& settings = slot.state->settings;
  const Policies::Place at = policy_.place(slot.slot);
  const size_t held = at.policy.prefixes().size(at.slot);
  const size_t taken = held - slots_[slot.slot].prompt;
  const size_t wanted = settings.lookahead.longest - std::min(settings.lookahead.longest, taken);
  const size_t candidates = std::min(settings.top_k, slot.n_vocab);
  const size_t share = slot.rewards()->layout().capacity[context_of(slot)] / sharing;
  return std::min({settings.lookahead.steps, wanted, share / candidates, context_size_ - held + 1,
                   context_size_ - slot.rewards()->length(slot.slot)});
}

std::vector<Lookahead::Part> Lookahead::parts(std::vector<Window>& windows) const {
  std::vector<Part> found;
  for (Window& window : windows) {
    StepRewards* rewards = window.steps[0].rewards();
    const size_t context = context_of(window.steps[0]);
    const auto same = [&](const Part& part) { return part.rewards == rewards && part.context == context; };
    const auto part = std::find_if(found.begin(), found.end(), same);
    if (part == found.end()) {
      found.push_back({rewards, context, {&window}});
    } else {
      part->windows.push_back(&window);
    }
  }
  return found;
}

void Lookahead::pace(std::vector<Window>& windows) {
  for (const Part& part : parts(windows)) {
    std::vector<Paced> slots;
    for (const Window* window : part.windows) {
      const bool adapts = window->steps[0].state->settings.lookahead.adapts;
      slots.push_back({window->steps[0].candidates.size(), window->length, slots_[window->slot()].acceptance, adapts});
    }
    pace_.choose(slots, !part.rewards->decodes_for_policy());
    for (size_t i = 0; i < slots.size(); ++i) part.windows[i]->length = slots[i].length;
  }
}

void Lookahead::run(std::vector<Window>& windows, StepBatch& batch) {
  const Stopwatch policy_watch;
  extend(windows);
  batch.policy_ms += policy_watch.milliseconds();
  const Stopwatch reward_watch;
  rate(windows);
  for (Window& window : windows) {
    choose(window);
    commit(window);
  }
  for (const Part& part : parts(windows)) part.rewards->commit_ahead(part.windows);
  batch.reward_ms += reward_watch.milliseconds();
}

/// The policy's greedy steps, one batch a context for all windows that go on.
void Lookahead::extend(std::vector<Window>& windows) {
  for (;;) {
    std::vector<Window*> growing;
    std::vector<size_t> slots;
    std::vector<Run> runs;
    for (Window& window : windows) {
      if (window.steps.size() == window.length || window.steps.back().candidates.ends[0]) continue;
      growing.push_back(&window);
      slots.push_back(window.slot());
      runs.push_back(next_lead(window));
    }
    if (growing.empty()) return;
    const Stopwatch watch;
    policy_.decode(slots, runs, [&](size_t run, size_t, const float* logits) { grow(*growing[run], logits); });
    pace_.decoded(growing.size(), watch.milliseconds());
    tokens_ += growing.size();
  }
}

Run Lookahead::next_lead(const Window& window) {
  const Policies::Place at = policy_.place(window.slot());
  const size_t step = window.steps.size() - 1;
  const std::optional<llama_seq_id> found = at.policy.branches().find(at.slot, kLeads);
  const llama_seq_id branch = found ? *found : at.policy.branches().take(at.slot, kLeads);
  return {branch, at.policy.prefixes().end(at.slot) + static_cast<llama_pos>(step), {window.lead(step)}, {0}};
}

/// One more step. Where there is none, the window ends: the search may never get there.
void Lookahead::grow(Window& window, const float* logits) const {
  SlotStep step;
  step.slot = window.slot();
  step.state = window.steps[0].state;
  step.logits = logits;
  step.n_vocab = window.steps[0].n_vocab;
  const Proposer& before = window.proposers.empty() ? *step.state->proposer : *window.proposers.back();
  std::unique_ptr<Proposer> proposer = before.clone();
  proposer->accept(window.lead(window.steps.size() - 1));
  try {
    propose(step, *proposer, policy_.model());
  } catch (const Error&) {
    window.length = window.steps.size();
    return;
  }
  window.steps.push_back(std::move(step));
  window.proposers.push_back(std::move(proposer));
}

void Lookahead::rate(std::vector<Window>& windows) {
  for (const Part& part : parts(windows)) {
    const Stopwatch watch;
    part.rewards->rate_ahead(part.windows);
    pace_.rated(n_candidates(part.windows), watch.milliseconds());
  }
}

/// As far as the search follows the leads, and the first step that departs from them.
void Lookahead::choose(Window& window) {
  double& acceptance = slots_[window.slot()].acceptance;
  for (SlotStep& step : window.steps) {
    select(step);
    ++window.taken;
    const bool follows = *step.chosen == 0;
    acceptance += kSlotMemory * ((follows ? 1 : 0) - acceptance);
    acceptance_ += kSearchMemory * ((follows ? 1 : 0) - acceptance_);
    if (!follows) break;
  }
}

/// In the policy, and in what proposes.
void Lookahead::commit(Window& window) {
  const Policies::Place at = policy_.place(window.slot());
  const SlotStep& last = window.last_taken();
  const size_t decoded = window.taken - 1;
  if (!last.rewards()->decodes_for_policy()) {
    if (decoded > 0) at.policy.branches().keep(at.slot, kLeads, at.policy.prefixes().end(at.slot), decoded);
    for (size_t step = 0; step < decoded; ++step) at.policy.prefixes().push(at.slot, window.lead(step));
    at.policy.commit(at.slot, last.token());
  }
  at.policy.branches().drop(at.slot, kLeads);
  if (decoded > 0) last.state->proposer = std::move(window.proposers[decoded - 1]);
  last.state->proposer->accept(last.token());
}

}  // namespace argsearch

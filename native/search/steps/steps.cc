#include "search/steps/steps.h"

#include <algorithm>

#include "search/select/select.h"
#include "search/slots.h"
#include "search/steps/by_rewards.h"
#include "search/steps/late_rewards.h"
#include "search/steps/proposal.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

using Phase = SlotState::Phase;

void check_rewards(const Step& step, const std::vector<std::vector<double>>& rewards) {
  if (rewards.size() != step.size()) throw Error(ErrorCode::kOptionInvalid, "one array of rewards a slot is needed.");
  for (size_t i = 0; i < step.size(); ++i) {
    if (rewards[i].size() != step[i].state->proposed.size() || !are_rewards(rewards[i])) {
      throw Error(ErrorCode::kOptionInvalid, "one reward a candidate is needed, finite or -infinity.");
    }
  }
}

}  // namespace

void Steps::begin(size_t slot, const SlotSettings& settings, std::unique_ptr<Proposer> proposer, StepRewards* rewards) {
  SlotState& state = slots_[slot];
  state = SlotState{};
  state.settings = settings;
  state.random.seed(settings.seed);
  state.gate_random.seed(settings.seed);
  state.proposer = std::move(proposer);
  state.rewards = rewards;
  state.phase = Phase::kReady;
  lookahead_.begin(slot);
}

void Steps::clear(size_t slot) { slots_[slot] = SlotState{}; }

StepBatch Steps::step(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch;
  Step step = with_candidates(slots, batch);
  std::vector<Window> windows = lookahead_.take(step);
  const Stopwatch reward_watch;
  rate(step, /*choose_at_once=*/true);
  batch.reward_ms = reward_watch.milliseconds();
  lookahead_.run(windows, batch);
  finish(step, batch);
  finish(windows, batch);
  batch.total_ms = total.milliseconds();
  return batch;
}

StepBatch Steps::propose(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch;
  for (const SlotStep& slot : open(slots, Phase::kReady)) {
    if (slot.state->settings.gate.gate == Gate::kOff) continue;
    throw Error(ErrorCode::kOptionInvalid, "a step with a gate has no halves: it may have rewards of none.");
  }
  Step step = with_candidates(slots, batch);
  const Stopwatch reward_watch;
  rate(step, /*choose_at_once=*/false);
  batch.reward_ms = reward_watch.milliseconds();
  close(step, Phase::kProposed);
  for (SlotStep& slot : step) {
    StepResult proposed;
    proposed.slot = slot.slot;
    proposed.candidates = slot.candidates;
    slot.state->proposed = std::move(slot.candidates);
    slot.state->proposed_likeliest = std::move(slot.likeliest);
    batch.steps.push_back(std::move(proposed));
  }
  batch.total_ms = total.milliseconds();
  return batch;
}

StepBatch Steps::commit(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards) {
  const Stopwatch total;
  StepBatch batch;
  Step step = open(slots, Phase::kProposed);
  check_rewards(step, rewards);
  const Stopwatch reward_watch;
  for (size_t i = 0; i < step.size(); ++i) {
    step[i].candidates = std::move(step[i].state->proposed);
    step[i].likeliest = std::move(step[i].state->proposed_likeliest);
    step[i].candidates.rewards = rewards[i];
    for (const double reward : rewards[i]) step[i].open.push_back(reward != kBan);
    step[i].rated.assign(rewards[i].size(), true);
    step[i].state->phase = Phase::kEmpty;
  }
  choose(whole(step));
  finish(step, batch);
  batch.reward_ms = reward_watch.milliseconds();
  batch.total_ms = total.milliseconds();
  return batch;
}

LateBatch Steps::rate_end(const std::vector<size_t>& slots) {
  const Stopwatch watch;
  Step step = open(slots, Phase::kReady);
  LateBatch batch;
  for (SlotStep& slot : step) {
    if (slot.rewards() == nullptr) batch.slots.push_back({slot.slot, std::nullopt, std::nullopt});
    slot.state->phase = Phase::kEmpty;
  }
  for (const auto& [rewards, part] : by_rewards(whole(step))) {
    for (LateRewards& late : late_rewards(*rewards, part)) batch.slots.push_back(std::move(late));
  }
  close(step, Phase::kReady);
  batch.reward_ms = watch.milliseconds();
  return batch;
}

/// Open, with candidates that nothing has rated yet.
Step Steps::with_candidates(const std::vector<size_t>& slots, StepBatch& batch) {
  Step step = open(slots, Phase::kReady);
  for (const SlotStep& slot : step) {
    if (is_full(slot)) throw slot_full(slot.slot);
  }
  decode(step, batch);
  propose(step, batch);
  return step;
}

/// Ready for the next step, with the tokens that were taken.
void Steps::finish(Step& step, StepBatch& batch) {
  close(step, Phase::kReady);
  for (SlotStep& slot : step) {
    batch.steps.push_back(result(slot));
    batch.steps.back().full = is_full(slot);
  }
}

void Steps::finish(std::vector<Window>& windows, StepBatch& batch) {
  for (Window& window : windows) {
    close(window.steps, Phase::kReady);
    for (size_t step = 0; step < window.taken; ++step) {
      batch.steps.push_back(result(window.steps[step]));
      batch.steps.back().window = window.steps.size();
      batch.steps.back().ahead = step;
    }
    batch.steps.back().full = is_full(window.last_taken());
    taken_ += window.taken;
  }
}

Step Steps::open(const std::vector<size_t>& slots, Phase phase) {
  check_slots(slots_, slots, phase);
  Step step;
  for (const size_t slot : slots) {
    SlotStep opened;
    opened.slot = slot;
    opened.state = &slots_[slot];
    step.push_back(std::move(opened));
  }
  return step;
}

bool Steps::is_full(const SlotStep& slot) const {
  const size_t read = slot.rewards() != nullptr ? slot.rewards()->length(slot.slot) : 0;
  return policy_.size(slot.slot) > context_size_ || read >= context_size_;
}

void Steps::decode(Step& step, StepBatch& batch) {
  if (step.empty()) return;
  std::vector<size_t> slots;
  for (const SlotStep& slot : step) slots.push_back(slot.slot);
  const Stopwatch watch;
  const std::vector<const float*> logits = policy_.decode(slots, beside_policy(step));
  // With the logits there: a GPU is not done when llama_decode returns.
  batch.policy_ms = watch.milliseconds();
  for (size_t i = 0; i < step.size(); ++i) {
    step[i].logits = logits[i];
    step[i].n_vocab = n_vocab();
    // A failure from here on leaves the pending token decoded, so the slot needs a new begin().
    step[i].state->phase = Phase::kEmpty;
  }
}

size_t Steps::n_vocab() const { return static_cast<size_t>(policy_.model().vocabulary().size()); }

/// A slot that samplers leave without a token drops out of the step.
void Steps::propose(Step& step, StepBatch& batch) {
  Step proposed;
  for (SlotStep& slot : step) {
    try {
      argsearch::propose(slot, *slot.state->proposer, policy_.model());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kSamplersLeaveNothing) throw;
      batch.failed.push_back({slot.slot, error});
      continue;
    }
    slot.draw = uniform(slot.state->gate_random);
    proposed.push_back(std::move(slot));
  }
  step = std::move(proposed);
}

/// Waves until nothing is left to rate. Slots that are done are chosen for `at_once`, before the next waves take their
/// branches.
void Steps::rate(Step& step, bool choose_at_once) {
  const auto choose_rated = [&] {
    StepPart done;
    for (SlotStep& slot : step) {
      if (!slot.chosen && slot.unrated().empty()) done.push_back(&slot);
    }
    choose(done);
  };
  for (const auto& [rewards, slots] : by_rewards(whole(step))) {
    for (;;) {
      narrow(step);
      const std::vector<Wave> waves = rewards->next_waves(slots);
      if (waves.empty()) break;
      const Stopwatch watch;
      rewards->rate(waves);
      // Of several side by side nobody knows which took how long.
      if (waves.size() == 1) {
        for (const auto& narrower : narrowers_) narrower->rated(waves[0], watch.milliseconds());
      }
      if (choose_at_once) choose_rated();
    }
  }
  if (!choose_at_once) return;
  StepPart rest;
  for (SlotStep& slot : step) {
    if (!slot.chosen) rest.push_back(&slot);
  }
  choose(rest);
}

void Steps::narrow(Step& step) {
  for (const auto& narrower : narrowers_) narrower->narrow(step);
}

/// Select and commit.
void Steps::choose(const StepPart& slots) {
  for (SlotStep* slot : slots) select(*slot);
  for (const auto& narrower : narrowers_) narrower->learn(slots);
  for (SlotStep* slot : slots) {
    policy_.commit(slot->slot, slot->token());
    slot->state->proposer->accept(slot->token());
  }
  for (const auto& [rewards, part] : by_rewards(slots)) rewards->commit(part);
  taken_ += slots.size();
}

/// Not before the last slot is done: where a later wave fails, the call has failed for all of its slots.
void Steps::close(const Step& step, Phase phase) {
  for (const SlotStep& slot : step) slot.state->phase = phase;
}

StepResult Steps::result(SlotStep& slot) const {
  Candidates& candidates = slot.candidates;
  const size_t rank = *slot.chosen;
  StepResult result;
  result.slot = slot.slot;
  result.rank = rank;
  result.token = slot.token();
  result.eog = candidates.ends[rank];
  result.bytes = policy_.model().vocabulary().piece(result.token, /*special=*/false);
  result.log_prob = candidates.log_probs[rank];
  result.policy_log_prob = candidates.policy_log_probs[rank];
  if (candidates.rewarded() && slot.rated[rank]) result.reward = candidates.rewards[rank];
  if (candidates.rewarded()) result.rated = static_cast<size_t>(std::count(slot.rated.begin(), slot.rated.end(), true));
  result.audited = slot.audited;
  result.violated = slot.violated;
  result.predicted = slot.predicted;
  result.waits = !candidates.waits.empty() && candidates.waits[rank];
  result.score = candidates.scores[rank];
  const size_t n = candidates.objectives.size() / candidates.size();
  const auto row = candidates.objectives.begin() + static_cast<ptrdiff_t>(rank * n);
  result.objectives.assign(row, row + static_cast<ptrdiff_t>(n));
  if (slot.state->settings.top_log_probs > 0) result.likeliest = std::move(slot.likeliest);
  if (slot.state->settings.keep_candidates) result.candidates = std::move(candidates);
  return result;
}

}  // namespace argsearch

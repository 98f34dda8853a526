#include "search/search.h"

#include <algorithm>
#include <cmath>

#include "bounds.h"
#include "error.h"
#include "model/vocabulary_match.h"
#include "search/select/select.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

using Phase = SlotState::Phase;

const SearchSettings& checked(const SearchSettings& settings) {
  if (settings.slots < 1 || settings.slots > kMaxSlots) {
    throw Error(ErrorCode::kOptionInvalid, "slots must be from 1 to " + std::to_string(kMaxSlots) + ".");
  }
  const auto check_context = [&](const Model& model) {
    model.check_context_size(settings.context_size);
    const int32_t trained = model.n_ctx_train();
    if (settings.context_size >= 2 && settings.context_size <= static_cast<uint32_t>(std::max(trained, 2))) return;
    throw Error(ErrorCode::kOptionInvalid, "contextSize must be from 2 to " + std::to_string(trained) + ", what " +
                                               model.path() + " was trained with.");
  };
  check_context(*settings.policy);
  for (const RewardSource& source : settings.rewards) check_context(*source.model);
  return settings;
}

Excluded unknown_to(const RewardSum& rewards, const Model& policy) {
  std::vector<const Vocabulary*> vocabularies;
  for (size_t i = 0; i < rewards.size(); ++i) vocabularies.push_back(&rewards.model(i).vocabulary());
  return lacking(policy.vocabulary(), vocabularies);
}

Excluded with_ends(Excluded excluded, const Vocabulary& vocabulary) {
  excluded.resize(static_cast<size_t>(vocabulary.size()));
  for (llama_token token = 0; token < vocabulary.size(); ++token) {
    if (vocabulary.ends_generation(token)) excluded[static_cast<size_t>(token)] = true;
  }
  return excluded;
}

}  // namespace

Search::Search(const SearchSettings& settings)
    : interrupt_(settings.context.interrupt),
      context_size_(checked(settings).context_size),
      policy_(settings.policy, settings.context, settings.slots, settings.context_size),
      rewards_(settings.rewards, settings.context, settings.slots, settings.context_size),
      excluded_(unknown_to(rewards_, policy_.model())),
      excluded_and_ends_(with_ends(excluded_, policy_.model().vocabulary())),
      samplers_(policy_.model().vocabulary()),
      slots_(settings.slots),
      blocks_(policy_, rewards_, settings.slots, settings.context_size) {}

void Search::check_slots(const std::vector<size_t>& slots, Phase phase) const {
  std::vector<bool> seen(slots_.size(), false);
  for (const size_t slot : slots) {
    if (slot >= slots_.size() || seen[slot])
      throw Error(ErrorCode::kOptionInvalid, "no such slot, or one named twice.");
    seen[slot] = true;
    if (slots_[slot].phase != phase)
      throw Error(ErrorCode::kBusy, "slot " + std::to_string(slot) + " is in another phase.");
    bool full = policy_.size(slot) > context_size_;
    for (size_t i = 0; i < rewards_.size(); ++i) full = full || rewards_.length(i, slot) >= context_size_;
    if (full) throw Error(ErrorCode::kPromptTooLong, "slot " + std::to_string(slot) + " is full; raise contextSize.");
  }
}

void Search::check_prompts(const std::vector<llama_token>& policy_prompt,
                           const std::vector<std::vector<llama_token>>& reward_prompts) const {
  if (reward_prompts.size() != rewards_.size()) {
    throw Error(ErrorCode::kOptionInvalid, "one prompt a reward model is needed.");
  }
  const auto check = [&](const std::vector<llama_token>& prompt, const Model& model) {
    if (prompt.empty()) throw Error(ErrorCode::kPromptEmpty, "the prompt has no tokens; give at least one.");
    if (prompt.size() >= context_size_) {
      throw Error(ErrorCode::kPromptTooLong, "the prompt has " + std::to_string(prompt.size()) +
                                                 " tokens, but contextSize is " + std::to_string(context_size_) +
                                                 " and the response needs room. Shorten the "
                                                 "prompt or raise contextSize.");
    }
    for (const llama_token token : prompt) {
      if (token < 0 || token >= model.n_vocab())
        throw Error(ErrorCode::kOptionInvalid, "a prompt token is outside the vocabulary.");
    }
  };
  check(policy_prompt, policy_.model());
  for (size_t i = 0; i < rewards_.size(); ++i) check(reward_prompts[i], rewards_.model(i));
}

void Search::check_rewards(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards) const {
  if (rewards.size() != slots.size()) throw Error(ErrorCode::kOptionInvalid, "one array of rewards a slot is needed.");
  for (size_t i = 0; i < slots.size(); ++i) {
    const bool finite =
        std::all_of(rewards[i].begin(), rewards[i].end(), [](double value) { return std::isfinite(value); });
    if (rewards[i].size() != slots_[slots[i]].proposed.size() || !finite) {
      throw Error(ErrorCode::kOptionInvalid, "one finite reward a candidate is needed.");
    }
  }
}

BeginResult Search::begin(size_t slot, const std::vector<llama_token>& policy_prompt,
                          const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings) {
  if (slot >= slots_.size()) throw Error(ErrorCode::kOptionInvalid, "there is no slot " + std::to_string(slot) + ".");
  check_prompts(policy_prompt, reward_prompts);
  SlotState& state = slots_[slot];
  state = SlotState{};
  state.settings = settings;
  blocks_.clear(slot);
  state.random.seed(settings.seed);
  const Excluded& excluded = settings.ending == Ending::kNever ? excluded_and_ends_ : excluded_;
  const bool in_blocks = settings.method == Method::kBlocks;
  std::optional<SamplerChain> chain;
  if (in_blocks) {
    blocks_.require_branches();
    chain.emplace(samplers_.chain(settings));
  } else {
    state.proposer = make_proposer(settings, samplers_, excluded);
  }
  BeginResult result;
  const Stopwatch policy_watch;
  result.policy = policy_.begin(slot, policy_prompt);
  result.policy_ms = policy_watch.milliseconds();
  counters_.policy_prefill_tokens += result.policy.decoded;
  const Stopwatch reward_watch;
  for (size_t i = 0; i < rewards_.size(); ++i) {
    result.rewards.push_back(rewards_.begin(i, slot, reward_prompts[i]));
    counters_.reward_prefill_tokens += result.rewards.back().decoded;
  }
  result.reward_ms = reward_watch.milliseconds();
  if (in_blocks) blocks_.begin(slot, settings, std::move(*chain), excluded);
  state.phase = in_blocks ? Phase::kBlocks : Phase::kReady;
  return result;
}

StepBatch Search::step(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch;
  check_slots(slots, Phase::kReady);
  Step step = open(slots);
  decode(step, batch);
  propose(step, batch);
  const Stopwatch reward_watch;
  rate(step, /*choose_at_once=*/true);
  close(step, Phase::kReady);
  for (SlotStep& slot : step) batch.steps.push_back(result(slot));
  batch.reward_ms = reward_watch.milliseconds();
  batch.total_ms = total.milliseconds();
  return batch;
}

StepBatch Search::propose(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch;
  check_slots(slots, Phase::kReady);
  Step step = open(slots);
  decode(step, batch);
  propose(step, batch);
  const Stopwatch reward_watch;
  rate(step, /*choose_at_once=*/false);
  batch.reward_ms = reward_watch.milliseconds();
  close(step, Phase::kProposed);
  for (SlotStep& slot : step) {
    StepResult proposed;
    proposed.slot = slot.slot;
    proposed.candidates = slot.candidates;
    slot.state->proposed = std::move(slot.candidates);
    batch.steps.push_back(std::move(proposed));
  }
  batch.total_ms = total.milliseconds();
  return batch;
}

StepBatch Search::commit(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards) {
  const Stopwatch total;
  StepBatch batch;
  check_slots(slots, Phase::kProposed);
  check_rewards(slots, rewards);
  const Stopwatch reward_watch;
  Step step = open(slots);
  for (size_t i = 0; i < step.size(); ++i) {
    step[i].candidates = std::move(step[i].state->proposed);
    step[i].candidates.rewards = rewards[i];
    step[i].open.assign(rewards[i].size(), true);
    step[i].state->phase = Phase::kEmpty;
  }
  choose(whole(step));
  close(step, Phase::kReady);
  for (SlotStep& slot : step) batch.steps.push_back(result(slot));
  batch.reward_ms = reward_watch.milliseconds();
  batch.total_ms = total.milliseconds();
  return batch;
}

Step Search::open(const std::vector<size_t>& slots) {
  Step step;
  for (const size_t slot : slots) {
    SlotStep opened;
    opened.slot = slot;
    opened.state = &slots_[slot];
    step.push_back(std::move(opened));
  }
  return step;
}

void Search::decode(Step& step, StepBatch& batch) {
  if (step.empty()) return;
  std::vector<size_t> slots;
  for (const SlotStep& slot : step) slots.push_back(slot.slot);
  const Stopwatch watch;
  const std::vector<const float*> logits = policy_.decode(slots);
  // With the logits there: a GPU is not done when llama_decode returns.
  batch.policy_ms = watch.milliseconds();
  counters_.policy_tokens += step.size();
  for (size_t i = 0; i < step.size(); ++i) {
    step[i].logits = logits[i];
    // A failure from here on leaves the pending token decoded, so the slot needs a new begin().
    step[i].state->phase = Phase::kEmpty;
  }
}

Candidates Search::candidates_of(SlotStep& slot) const {
  const Vocabulary& vocabulary = policy_.model().vocabulary();
  Candidates candidates = slot.state->proposer->propose(slot.logits, static_cast<size_t>(vocabulary.size()));
  if (candidates.size() == 0) {
    throw Error(ErrorCode::kDecodeFailed,
                policy_.model().path() + ": the logits are not finite numbers. The file is damaged.");
  }
  for (const llama_token token : candidates.tokens) candidates.ends.push_back(vocabulary.ends_generation(token));
  return candidates;
}

/// A slot that samplers leave without a token drops out of the step.
void Search::propose(Step& step, StepBatch& batch) {
  Step proposed;
  for (SlotStep& slot : step) {
    try {
      slot.candidates = candidates_of(slot);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kSamplersLeaveNothing) throw;
      batch.failed.push_back({slot.slot, error});
      continue;
    }
    slot.open.assign(slot.candidates.size(), true);
    slot.rated.assign(slot.candidates.size(), false);
    rewards_.open(slot);
    proposed.push_back(std::move(slot));
  }
  step = std::move(proposed);
}

/// Waves until nothing is left to rate. Slots that are done are chosen for `at_once`, before the next wave takes their
/// branches.
void Search::rate(Step& step, bool choose_at_once) {
  const auto choose_rated = [&] {
    StepPart done;
    for (SlotStep& slot : step) {
      if (!slot.chosen && slot.unrated().empty()) done.push_back(&slot);
    }
    choose(done);
  };
  for (;;) {
    for (const auto& narrower : narrowers_) narrower->narrow(step);
    const std::optional<Wave> wave = rewards_.next_wave(step);
    if (!wave) break;
    rewards_.rate(*wave);
    if (choose_at_once) choose_rated();
  }
  if (!choose_at_once) return;
  StepPart rest;
  for (SlotStep& slot : step) {
    if (!slot.chosen) rest.push_back(&slot);
  }
  choose(rest);
}

/// Select and commit.
void Search::choose(const StepPart& slots) {
  for (SlotStep* slot : slots) select(*slot);
  rewards_.commit(slots);
  for (SlotStep* slot : slots) {
    policy_.commit(slot->slot, slot->token());
    slot->state->proposer->accept(slot->token());
  }
  counters_.steps += slots.size();
}

/// Not before the last slot is done: where a later wave fails, the call has failed for all of its slots.
void Search::close(const Step& step, Phase phase) {
  for (const SlotStep& slot : step) slot.state->phase = phase;
}

StepResult Search::result(SlotStep& slot) const {
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
  if (candidates.rewarded()) result.reward = candidates.rewards[rank];
  result.score = candidates.scores[rank];
  const size_t n = candidates.objectives.size() / candidates.size();
  const auto row = candidates.objectives.begin() + static_cast<ptrdiff_t>(rank * n);
  result.objectives.assign(row, row + static_cast<ptrdiff_t>(n));
  if (slot.state->settings.keep_candidates) result.candidates = std::move(candidates);
  return result;
}

void Search::clear(size_t slot) {
  if (slot >= slots_.size()) throw Error(ErrorCode::kOptionInvalid, "there is no slot " + std::to_string(slot) + ".");
  policy_.clear(slot);
  rewards_.clear(slot);
  slots_[slot] = SlotState{};
  blocks_.clear(slot);
}

SearchCounters Search::counters() const {
  const RewarderCounters rewards = rewards_.counters();
  SearchCounters counters = counters_;
  counters.steps += blocks_.tokens_taken();
  counters.policy_tokens += blocks_.policy_tokens();
  counters.policy_decodes = policy_.decodes();
  counters.decode_ms = policy_.context().decode_ms() + rewards.decode_ms;
  counters.reward_tokens = rewards.tokens;
  counters.reward_decodes = rewards.decodes;
  counters.reward_projections = rewards.projections;
  return counters;
}

}  // namespace argsearch

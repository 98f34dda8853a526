#include "search/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "error.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

// As src/options.ts has it; each is a sequence of the policy's context, of which llama.cpp allows 256.
constexpr uint32_t kMaxSlots = 128;

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

}  // namespace

Search::Search(const SearchSettings& settings)
    : interrupt_(settings.context.interrupt),
      context_size_(checked(settings).context_size),
      policy_(settings.policy, settings.context, settings.slots, settings.context_size),
      rewards_(settings.rewards, settings.context, settings.slots, settings.context_size),
      slots_(settings.slots) {}

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

BeginResult Search::begin(size_t slot, const std::vector<llama_token>& policy_prompt,
                          const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings) {
  if (slot >= slots_.size()) throw Error(ErrorCode::kOptionInvalid, "there is no slot " + std::to_string(slot) + ".");
  check_prompts(policy_prompt, reward_prompts);
  Slot& state = slots_[slot];
  state = Slot{};
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

  state.settings = settings;
  state.random.seed(settings.seed);
  if (settings.method == Method::kSample) {
    state.sampler.emplace(static_cast<int32_t>(settings.top_k), settings.top_p, settings.temperature, settings.seed);
  }
  state.phase = Phase::kReady;
  return result;
}

StepBatch Search::step(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch;
  check_slots(slots, Phase::kReady);
  decode_policy(slots, batch);
  const Stopwatch reward_watch;
  batch.steps.resize(slots.size());
  const std::vector<RewardSum::Request> requests = reward_requests(slots);
  for (const std::vector<size_t>& group : rewards_.groups(requests)) {
    score(requests, group);
    select_and_commit(slots, group, batch.steps);
  }
  // Not before: where a later group fails, the call has failed for all of its slots.
  for (const size_t slot : slots) slots_[slot].phase = Phase::kReady;
  batch.reward_ms = reward_watch.milliseconds();
  batch.total_ms = total.milliseconds();
  return batch;
}

StepBatch Search::propose(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch;
  check_slots(slots, Phase::kReady);
  decode_policy(slots, batch);
  const Stopwatch reward_watch;
  const std::vector<RewardSum::Request> requests = reward_requests(slots);
  for (const std::vector<size_t>& group : rewards_.groups(requests)) score(requests, group);
  batch.reward_ms = reward_watch.milliseconds();
  for (const size_t slot : slots) {
    slots_[slot].phase = Phase::kProposed;
    StepResult step;
    step.slot = slot;
    step.candidates = slots_[slot].candidates;
    batch.steps.push_back(std::move(step));
  }
  batch.total_ms = total.milliseconds();
  return batch;
}

StepBatch Search::commit(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards) {
  const Stopwatch total;
  check_slots(slots, Phase::kProposed);
  if (rewards.size() != slots.size()) throw Error(ErrorCode::kOptionInvalid, "one array of rewards a slot is needed.");
  for (size_t i = 0; i < slots.size(); ++i) {
    Candidates& candidates = slots_[slots[i]].candidates;
    const bool finite =
        std::all_of(rewards[i].begin(), rewards[i].end(), [](double value) { return std::isfinite(value); });
    if (rewards[i].size() != candidates.size() || !finite) {
      throw Error(ErrorCode::kOptionInvalid, "one finite reward a candidate is needed.");
    }
    candidates.rewards = rewards[i];
  }
  StepBatch batch;
  const Stopwatch reward_watch;
  for (const size_t slot : slots) slots_[slot].phase = Phase::kEmpty;
  std::vector<size_t> all(slots.size());
  std::iota(all.begin(), all.end(), size_t{0});
  batch.steps.resize(slots.size());
  select_and_commit(slots, all, batch.steps);
  for (const size_t slot : slots) slots_[slot].phase = Phase::kReady;
  batch.reward_ms = reward_watch.milliseconds();
  batch.total_ms = total.milliseconds();
  return batch;
}

void Search::decode_policy(const std::vector<size_t>& slots, StepBatch& batch) {
  if (slots.empty()) return;
  const Stopwatch watch;
  policy_.decode(slots);
  batch.policy_ms = watch.milliseconds();
  counters_.policy_tokens += slots.size();
  // From here on a failure leaves the pending token decoded, so the slot needs a new begin().
  for (const size_t slot : slots) slots_[slot].phase = Phase::kEmpty;
  propose_candidates(slots);
}

void Search::propose_candidates(const std::vector<size_t>& slots) {
  const auto n_vocab = static_cast<size_t>(policy_.model().n_vocab());
  for (size_t i = 0; i < slots.size(); ++i) {
    Slot& slot = slots_[slots[i]];
    const float* logits = policy_.logits(i);
    if (slot.sampler) {
      const llama_token token = slot.sampler->sample(logits, n_vocab);
      slot.candidates = Candidates{};
      slot.candidates.tokens = {token};
      slot.candidates.log_probs = {logits[token] - log_sum_exp(logits, n_vocab)};
    } else {
      slot.candidates = top_candidates(logits, n_vocab, slot.settings.top_k);
    }
    if (slot.candidates.tokens.empty() || !std::isfinite(slot.candidates.log_probs[0])) {
      throw Error(ErrorCode::kDecodeFailed,
                  policy_.model().path() + ": the logits are not finite numbers. The file is damaged.");
    }
  }
}

std::vector<RewardSum::Request> Search::reward_requests(const std::vector<size_t>& slots) {
  std::vector<RewardSum::Request> requests;
  for (const size_t slot : slots) {
    Candidates& candidates = slots_[slot].candidates;
    candidates.scores.assign(candidates.size(), std::numeric_limits<double>::quiet_NaN());
    requests.push_back({slot, &candidates});
  }
  return requests;
}

void Search::score(const std::vector<RewardSum::Request>& requests, const std::vector<size_t>& group) {
  std::vector<RewardSum::Request> grouped;
  for (const size_t i : group) grouped.push_back(requests[i]);
  rewards_.score(grouped);
}

void Search::select_and_commit(const std::vector<size_t>& slots, const std::vector<size_t>& group,
                               std::vector<StepResult>& steps) {
  std::vector<Reward::Choice> choices;
  for (const size_t i : group) {
    steps[i] = select(slots[i]);
    choices.push_back({slots[i], steps[i].token, steps[i].rank});
  }
  rewards_.commit(choices);
  for (const auto& [slot, token, rank] : choices) policy_.commit(slot, token);
  counters_.steps += group.size();
}

StepResult Search::select(size_t index) {
  Slot& slot = slots_[index];
  Candidates& candidates = slot.candidates;
  const bool guided = !std::isnan(candidates.rewards[0]);
  candidates.scores = candidates.log_probs;
  for (size_t rank = 0; guided && rank < candidates.size(); ++rank) {
    candidates.scores[rank] = combine_score(candidates.log_probs[rank], candidates.rewards[rank], slot.settings.weight,
                                            slot.settings.combine);
  }
  const size_t rank = select_candidate(candidates.scores, slot.settings.select, slot.settings.temperature, slot.random);

  StepResult result;
  result.slot = index;
  result.rank = rank;
  result.token = candidates.tokens[rank];
  result.eog = engine().llama_vocab_is_eog(policy_.model().vocab(), result.token);
  result.bytes = policy_.model().piece(result.token, /*special=*/false);
  result.log_prob = candidates.log_probs[rank];
  result.reward = candidates.rewards[rank];
  result.score = candidates.scores[rank];
  const size_t n = rewards_.n_objectives();
  const auto row = candidates.objectives.begin() + static_cast<ptrdiff_t>(rank * n);
  result.objectives.assign(row, row + static_cast<ptrdiff_t>(n));
  if (slot.settings.keep_candidates) result.candidates = std::move(candidates);
  return result;
}

void Search::clear(size_t slot) {
  if (slot >= slots_.size()) throw Error(ErrorCode::kOptionInvalid, "there is no slot " + std::to_string(slot) + ".");
  policy_.clear(slot);
  rewards_.clear(slot);
  slots_[slot] = Slot{};
}

SearchCounters Search::counters() const {
  SearchCounters counters = counters_;
  counters.policy_decodes = policy_.decodes();
  counters.decode_ms = policy_.context().decode_ms() + rewards_.decode_ms();
  counters.reward_tokens = rewards_.tokens();
  counters.reward_decodes = rewards_.decodes();
  counters.reward_projections = rewards_.projections();
  return counters;
}

}  // namespace argsearch

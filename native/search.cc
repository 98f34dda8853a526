#include "search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "error.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

// Leaves sequences for branches: llama.cpp allows 256 of them.
constexpr uint32_t kMaxSlots = 128;

const SearchSettings& checked(const SearchSettings& settings) {
  if (settings.slots < 1 || settings.slots > kMaxSlots) {
    throw Error(ErrorCode::kOptionInvalid, "slots must be from 1 to " + std::to_string(kMaxSlots) + ".");
  }
  const auto check_context = [&](const Model& model) {
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
      slots_(settings.slots) {
  for (const RewardSource& source : settings.rewards) {
    rewards_.push_back(std::make_unique<Reward>(source.model, settings.context, settings.slots, settings.context_size));
    if (source.weights.size() != rewards_.back()->n_labels()) {
      throw Error(ErrorCode::kOptionInvalid, source.model->path() + " has " +
                                                 std::to_string(rewards_.back()->n_labels()) + " labels, but " +
                                                 std::to_string(source.weights.size()) + " weights were given.");
    }
    weights_.push_back(source.weights);
  }
}

void Search::check_slots(const std::vector<size_t>& slots, Phase phase) const {
  std::vector<bool> seen(slots_.size(), false);
  for (const size_t slot : slots) {
    if (slot >= slots_.size() || seen[slot])
      throw Error(ErrorCode::kOptionInvalid, "no such slot, or one named twice.");
    seen[slot] = true;
    if (slots_[slot].phase != phase)
      throw Error(ErrorCode::kBusy, "slot " + std::to_string(slot) + " is in another phase.");
    bool full = policy_.size(slot) > context_size_;
    for (const auto& reward : rewards_) full = full || reward->size(slot) >= context_size_;
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
  for (size_t i = 0; i < rewards_.size(); ++i) check(reward_prompts[i], rewards_[i]->context().model());
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
    result.rewards.push_back(rewards_[i]->begin(slot, reward_prompts[i]));
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

StepBatch Search::propose(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch;
  check_slots(slots, Phase::kReady);
  if (slots.empty()) return batch;
  const Stopwatch policy_watch;
  policy_.decode(slots);
  batch.policy_ms = policy_watch.milliseconds();
  counters_.policy_tokens += slots.size();
  // From here on a failure leaves the pending token decoded, so the slot needs a new begin().
  for (const size_t slot : slots) slots_[slot].phase = Phase::kEmpty;
  propose_candidates(slots);
  const Stopwatch reward_watch;
  score_candidates(slots);
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

size_t Search::n_objectives() const {
  size_t count = 0;
  for (const auto& reward : rewards_) count += reward->n_labels();
  return count;
}

void Search::score_candidates(const std::vector<size_t>& slots) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  for (const size_t index : slots) {
    Candidates& candidates = slots_[index].candidates;
    candidates.objectives.assign(candidates.size() * n_objectives(), 0);
    candidates.rewards.assign(candidates.size(), rewards_.empty() ? none : 0.0);
    candidates.scores.assign(candidates.size(), none);
  }
  size_t column = 0;
  for (size_t source = 0; source < rewards_.size(); ++source) {
    Reward& reward = *rewards_[source];
    const size_t n_labels = reward.n_labels();
    std::vector<std::vector<double>> values;
    std::vector<Reward::Request> requests;
    for (const size_t index : slots) {
      values.emplace_back(slots_[index].candidates.size() * n_labels);
      requests.push_back({index, &slots_[index].candidates.tokens, values.back().data()});
    }
    reward.branch(requests);
    for (size_t i = 0; i < slots.size(); ++i) {
      Candidates& candidates = slots_[slots[i]].candidates;
      for (size_t rank = 0; rank < candidates.size(); ++rank) {
        for (size_t label = 0; label < n_labels; ++label) {
          const double value = values[i][rank * n_labels + label];
          if (!std::isfinite(value)) {
            throw Error(ErrorCode::kDecodeFailed,
                        reward.context().model().path() + ": a reward is not a finite number. The file is damaged.");
          }
          candidates.objectives[rank * n_objectives() + column + label] = value;
          candidates.rewards[rank] += weights_[source][label] * value;
        }
      }
    }
    column += n_labels;
  }
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
  for (const size_t slot : slots) batch.steps.push_back(select_and_commit(slot));
  batch.reward_ms = reward_watch.milliseconds();
  batch.total_ms = total.milliseconds();
  return batch;
}

StepBatch Search::step(const std::vector<size_t>& slots) {
  const Stopwatch total;
  StepBatch batch = propose(slots);
  const Stopwatch reward_watch;
  for (StepResult& step : batch.steps) step = select_and_commit(step.slot);
  batch.reward_ms += reward_watch.milliseconds();
  batch.total_ms = total.milliseconds();
  return batch;
}

StepResult Search::select_and_commit(size_t index) {
  Slot& slot = slots_[index];
  Candidates& candidates = slot.candidates;
  const bool guided = !std::isnan(candidates.rewards[0]);
  for (size_t rank = 0; rank < candidates.size(); ++rank) {
    candidates.scores[rank] = guided ? combine_score(candidates.log_probs[rank], candidates.rewards[rank],
                                                     slot.settings.weight, slot.settings.combine)
                                     : candidates.log_probs[rank];
  }
  const size_t rank = select_candidate(candidates.scores, slot.settings.select, slot.settings.temperature, slot.random);

  StepResult result;
  result.slot = index;
  result.rank = rank;
  result.token = candidates.tokens[rank];
  slot.phase = Phase::kEmpty;
  for (const auto& reward : rewards_) reward->commit(index, result.token, rank);
  policy_.commit(index, result.token);
  slot.phase = Phase::kReady;

  result.eog = engine().llama_vocab_is_eog(policy_.model().vocab(), result.token);
  result.bytes = policy_.model().piece(result.token, /*special=*/false);
  result.log_prob = candidates.log_probs[rank];
  result.reward = candidates.rewards[rank];
  result.score = candidates.scores[rank];
  const auto row = candidates.objectives.begin() + static_cast<ptrdiff_t>(rank * n_objectives());
  result.objectives.assign(row, row + static_cast<ptrdiff_t>(n_objectives()));
  if (slot.settings.keep_candidates) result.candidates = std::move(candidates);
  ++counters_.steps;
  return result;
}

void Search::clear(size_t slot) {
  if (slot >= slots_.size()) throw Error(ErrorCode::kOptionInvalid, "there is no slot " + std::to_string(slot) + ".");
  policy_.clear(slot);
  for (const auto& reward : rewards_) reward->clear(slot);
  slots_[slot] = Slot{};
}

SearchCounters Search::counters() const {
  SearchCounters counters = counters_;
  counters.policy_decodes = policy_.decodes();
  counters.decode_ms = policy_.context().decode_ms();
  for (const auto& reward : rewards_) {
    counters.reward_tokens += reward->tokens();
    counters.reward_decodes += reward->decodes();
    counters.reward_projections += reward->projections();
    counters.decode_ms += reward->context().decode_ms();
  }
  return counters;
}

std::vector<size_t> Search::reward_cache_bytes() {
  std::vector<size_t> bytes;
  for (const auto& reward : rewards_) bytes.push_back(reward->context().cache_bytes());
  return bytes;
}

}  // namespace argsearch

#include "search/search.h"

#include <algorithm>

#include "bounds.h"
#include "error.h"
#include "search/slot_ranges.h"

namespace argsearch {
namespace {

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
  for (const RewardSource& source : settings.rewards) {
    check_context(*source.model);
    if (source.base) check_context(*source.base);
  }
  return settings;
}

/// Every reward model is a head on the policy's weights.
bool can_share(const SearchSettings& settings) {
  return settings.share_trunk && !settings.rewards.empty() &&
         std::all_of(settings.rewards.begin(), settings.rewards.end(), [&](const RewardSource& source) {
           return source.kind == RewardKind::kHead && !source.writer && source.model->has_trunk_of(*settings.policy);
         });
}

/// How slots are spread over contexts that rate candidates. On a processor a context of each slot's own is weighed
/// against no other's cells, and one thread each is faster than all threads for one after the other.
std::vector<SlotRange> rating_ranges(const SearchSettings& settings, const Model& model,
                                     std::optional<uint32_t> wanted) {
  const uint32_t spread = (settings.slots + kContextsOnCpu - 1) / kContextsOnCpu;
  return slot_ranges(settings.slots, wanted.value_or(model.is_on_cpu() ? spread : kSlotsPerContext));
}

std::vector<SlotRange> policy_ranges(const SearchSettings& settings) {
  const std::optional<uint32_t> wanted = settings.slots_per_context.policy;
  if (can_share(settings)) return rating_ranges(settings, *settings.policy, wanted);
  return slot_ranges(settings.slots, wanted.value_or(kSlotsPerContext));
}

/// Where no candidates are branches, slots are decoded together, as the policy's are.
std::vector<SlotRange> reward_ranges(const SearchSettings& settings) {
  const bool branches = std::any_of(settings.rewards.begin(), settings.rewards.end(),
                                    [](const RewardSource& source) { return source.kind == RewardKind::kHead; });
  if (!branches) return slot_ranges(settings.slots, settings.slots_per_context.rewards.value_or(kSlotsPerContext));
  const Model& model = settings.rewards.empty() ? *settings.policy : *settings.rewards[0].model;
  return rating_ranges(settings, model, settings.slots_per_context.rewards);
}

/// Of those that read the policy's tokens.
std::vector<const Vocabulary*> vocabularies_of(const std::vector<RewardSource>& rewards) {
  std::vector<const Vocabulary*> vocabularies;
  for (const RewardSource& source : rewards) {
    if (!source.writer) vocabularies.push_back(&source.model->vocabulary());
    if (source.base) vocabularies.push_back(&source.base->vocabulary());
  }
  return vocabularies;
}

/// REWARD_PREDICTOR_MISSING where a reward model has none to guess by.
void check_predicted(const RewardSum& rewards, const SlotSettings& settings) {
  if (settings.select == Select::kStochastic) {
    throw Error(ErrorCode::kOptionInvalid, "the predicted gates are for greedy selection: any candidate may be drawn.");
  }
  if (rewards.retokenises()) {
    throw Error(ErrorCode::kOptionInvalid,
                "the predicted gates guess the rewards of the policy's tokens, which a reward model with another "
                "tokenizer does not have. Use gate \"bound\", or none.");
  }
  for (size_t term = 0; term < rewards.size(); ++term) {
    if (rewards.kind(term) == RewardKind::kHead && rewards.model(term).predictor()) continue;
    throw Error(ErrorCode::kRewardPredictorMissing,
                rewards.model(term).path() +
                    " has no reward predictor, by which gate \"predicted\" guesses rewards. Make one with \"argsearch "
                    "reward predict\", or leave the gate out.");
  }
}

}  // namespace

Search::Search(const SearchSettings& settings)
    : interrupt_(settings.context.interrupt),
      n_slots_(checked(settings).slots),
      context_size_(settings.context_size),
      lanes_(settings.context),
      policy_(settings.policy, settings.context, policy_ranges(settings), settings.context_size, lanes_,
              can_share(settings)),
      rewards_(settings.rewards, settings.context, reward_ranges(settings), settings.context_size, lanes_),
      exclusions_(policy_.model().vocabulary(), vocabularies_of(settings.rewards)),
      samplers_(policy_.model().vocabulary()),
      lookahead_(policy_, rewards_, settings.slots, settings.context_size),
      steps_(policy_, rewards_, lookahead_, settings.slots, settings.context_size),
      blocks_(policy_, rewards_, settings.slots, settings.context_size),
      beginnings_(settings.slots) {
  if (policy_.is_shared()) {
    shared_.emplace(policy_, settings.rewards, settings.slots);
  } else {
    rewards_.make_contexts();
  }
}

void Search::check_slot(size_t slot) const {
  if (slot < n_slots_) return;
  throw Error(ErrorCode::kOptionInvalid, "there is no slot " + std::to_string(slot) + ".");
}

void Search::check_prompts(const std::vector<llama_token>& policy_prompt,
                           const std::vector<std::vector<llama_token>>& reward_prompts,
                           const SlotSettings& settings) const {
  if (reward_prompts.size() != (settings.rewards ? rewards_.size() : 0)) {
    throw Error(ErrorCode::kOptionInvalid, "one prompt a reward model is needed, and none where nothing is rated.");
  }
  if (settings.method == Method::kBlocks && !settings.rewards) {
    throw Error(ErrorCode::kOptionInvalid, "blocks are chosen by their rewards.");
  }
  if (settings.gate.gate == Gate::kBound && settings.select == Select::kStochastic) {
    throw Error(ErrorCode::kOptionInvalid, "the bound gate is for greedy selection: any candidate may be drawn.");
  }
  if (is_predicted(settings.gate.gate)) check_predicted(rewards_, settings);
  if (settings.lookahead.any()) check_lookahead(settings);
  const auto check_tokens = [](const std::vector<llama_token>& tokens, const Model& model) {
    for (const llama_token token : tokens) {
      if (token < 0 || token >= model.n_vocab())
        throw Error(ErrorCode::kOptionInvalid, "a prompt token is outside the vocabulary.");
    }
  };
  const auto check = [&](const std::vector<llama_token>& prompt, const Model& model) {
    if (prompt.empty()) throw Error(ErrorCode::kPromptEmpty, "the prompt has no tokens; give at least one.");
    if (prompt.size() >= context_size_) {
      throw Error(ErrorCode::kPromptTooLong, "the prompt has " + std::to_string(prompt.size()) +
                                                 " tokens, but contextSize is " + std::to_string(context_size_) +
                                                 " and the response needs room. Shorten the "
                                                 "prompt or raise contextSize.");
    }
    check_tokens(prompt, model);
  };
  check(policy_prompt, policy_.model());
  for (size_t i = 0; i < reward_prompts.size(); ++i) check(reward_prompts[i], rewards_.model(i));
  if (settings.reward_ends.size() > reward_prompts.size()) {
    throw Error(ErrorCode::kOptionInvalid, "one end a reward model may be given, and none where nothing is rated.");
  }
  for (size_t i = 0; i < settings.reward_ends.size(); ++i) check_tokens(settings.reward_ends[i], rewards_.model(i));
}

void Search::check_lookahead(const SlotSettings& settings) const {
  if (settings.method != Method::kArgs || !settings.rewards || rewards_.empty() || settings.gate.gate != Gate::kOff) {
    throw Error(ErrorCode::kOptionInvalid, "lookahead is for method \"args\" with a reward model and without a gate.");
  }
  if (settings.lookahead.adapts || lookahead_.can_roll_back()) return;
  if (rewards_.retokenises()) {
    throw Error(ErrorCode::kOptionInvalid,
                "a reward model with another tokenizer than the policy's rates one step at a time; leave lookahead "
                "out.");
  }
  throw Error(ErrorCode::kModelUnsupported,
              "a recurrent model cannot look ahead, for it cannot be rolled back; leave lookahead out.");
}

BeginResult Search::begin(size_t slot, const std::vector<llama_token>& policy_prompt,
                          const std::vector<std::vector<llama_token>>& reward_prompts, const SlotSettings& settings,
                          size_t most) {
  check_slot(slot);
  check_prompts(policy_prompt, reward_prompts, settings);
  beginnings_[slot].reset();
  steps_.clear(slot);
  blocks_.clear(slot);
  // Before the prompts are decoded, because it may fail.
  StepRewards* rewards = rewards_for(policy_prompt, reward_prompts, settings);
  for (size_t term = 0; rewards == &rewards_ && term < settings.reward_ends.size(); ++term) {
    rewards_.end_with(term, slot, settings.reward_ends[term]);
  }
  const bool together = shared_ && rewards == &*shared_;
  if (together) shared_->begin(slot);
  policy_.keep_hidden(slot, together);
  Beginning beginning{{slot, policy_prompt, reward_prompts, {together, is_predicted(settings.gate.gate)}},
                      settings,
                      &exclusions_.of(settings.ending),
                      rewards,
                      nullptr,
                      {}};
  if (settings.method == Method::kBlocks) {
    blocks_.require_branches();
    beginning.chain.emplace(samplers_.chain(settings));
  } else {
    beginning.proposer = make_proposer(settings, samplers_, *beginning.excluded);
  }
  beginnings_[slot].emplace(std::move(beginning));
  return prefill(slot, most);
}

/// Those that rate the slot; null: none. Blocks read their drafts in contexts of the reward models' own.
StepRewards* Search::rewards_for(const std::vector<llama_token>& policy_prompt,
                                 const std::vector<std::vector<llama_token>>& reward_prompts,
                                 const SlotSettings& settings) {
  if (!settings.rewards || rewards_.empty()) return nullptr;
  const auto alike = [&](const std::vector<llama_token>& prompt) { return prompt == policy_prompt; };
  const bool together =
      shared_ && settings.method != Method::kBlocks && std::all_of(reward_prompts.begin(), reward_prompts.end(), alike);
  if (together) return &*shared_;
  rewards_.make_contexts();
  return &rewards_;
}

BeginResult Search::prefill(size_t slot, size_t most) {
  check_slot(slot);
  if (!beginnings_[slot]) {
    throw Error(ErrorCode::kBusy, "slot " + std::to_string(slot) + " has no prompt that is being decoded.");
  }
  // Gone with a failure.
  Beginning beginning = std::move(*beginnings_[slot]);
  beginnings_[slot].reset();
  const BeginResult before = beginning.prefill.result();
  beginning.prefill.decode(policy_, rewards_, most);
  const BeginResult after = beginning.prefill.result();
  count(before, after);
  if (!after.done) {
    beginnings_[slot].emplace(std::move(beginning));
  } else if (beginning.chain) {
    blocks_.begin(slot, beginning.settings, std::move(*beginning.chain), *beginning.excluded);
  } else {
    steps_.begin(slot, beginning.settings, std::move(beginning.proposer), beginning.rewards);
  }
  return after;
}

void Search::count(const BeginResult& before, const BeginResult& after) {
  counters_.policy_prefill_tokens += after.policy.decoded - before.policy.decoded;
  counters_.policy_shared_tokens += after.policy.shared - before.policy.shared;
  for (size_t i = 0; i < after.rewards.size(); ++i) {
    counters_.reward_prefill_tokens += after.rewards[i].decoded - before.rewards[i].decoded;
    counters_.reward_shared_tokens += after.rewards[i].shared - before.rewards[i].shared;
  }
}

void Search::clear(size_t slot) {
  check_slot(slot);
  policy_.clear(slot);
  rewards_.clear(slot);
  steps_.clear(slot);
  blocks_.clear(slot);
  beginnings_[slot].reset();
}

SearchCounters Search::counters() const {
  const RewarderCounters rewards = rewards_.counters();
  SearchCounters counters = counters_;
  counters.steps = steps_.taken() + blocks_.tokens_taken();
  counters.policy_tokens = policy_.tokens() + lookahead_.policy_tokens() + blocks_.policy_tokens();
  counters.policy_decodes = policy_.decodes();
  counters.decode_ms = policy_.decode_ms() + rewards.decode_ms;
  counters.reward_tokens = rewards.tokens;
  counters.reward_decodes = rewards.decodes;
  counters.reward_projections = rewards.projections;
  if (shared_) {
    counters.reward_tokens += shared_->tokens();
    counters.reward_decodes += shared_->decodes();
  }
  return counters;
}

}  // namespace argsearch

#include "search/blocks/blocks.h"

#include <algorithm>
#include <limits>

#include "search/blocks/draw_token.h"
#include "search/select/select.h"
#include "search/slots.h"
#include "stopwatch.h"

namespace argsearch {
namespace {

using Phase = BlockSlot::Phase;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void check_rewards(const Block& block, const std::vector<double>& rewards) {
  if (are_rewards(rewards) && (rewards.empty() || rewards.size() == block.drafts.size())) return;
  throw Error(ErrorCode::kOptionInvalid, "one reward a draft is needed, finite or -infinity.");
}

/// The first draft that a reward function did not ban; the first of all where it banned each.
size_t first_allowed(const std::vector<Draft>& drafts) {
  const auto first =
      std::find_if(drafts.begin(), drafts.end(), [](const Draft& draft) { return draft.reward != kBan; });
  return first == drafts.end() ? 0 : static_cast<size_t>(first - drafts.begin());
}

}  // namespace

void Blocks::require_branches() const {
  if (policy_.has_branches()) return;
  const Model& model = policy_.model();
  throw Error(
      ErrorCode::kModelUnsupported,
      model.path() + ": the architecture \"" + model.architecture() + "\" " +
          (model.can_branch() ? "keeps too large a state for a draft in each of " + std::to_string(slots_.size()) +
                                    " slots: lower slots, or use another method."
                              : "cannot hold drafts: use another method, or another policy."));
}

void Blocks::begin(size_t slot, const SlotSettings& settings, SamplerChain chain, const Excluded& excluded) {
  BlockSlot& state = slots_[slot];
  state = BlockSlot{};
  state.settings = settings;
  state.settings.blocks.read_at_end.resize(rating_.n_objectives());
  state.excluded = &excluded;
  state.chain.emplace(std::move(chain));
  state.random.seed(settings.seed);
  state.phase = Phase::kDrawing;
}

void Blocks::clear(size_t slot) { slots_[slot] = BlockSlot{}; }

std::vector<Drafting> Blocks::open(const std::vector<size_t>& slots, Phase phase) {
  check_slots(slots_, slots, phase);
  std::vector<Drafting> found;
  for (const size_t slot : slots) found.push_back({slot, &slots_[slot]});
  return found;
}

/// Tokens that its next block may have.
size_t Blocks::room(size_t slot) const {
  return std::min(policy_.room(slot), context_size_ - std::min(context_size_, rating_.size(slot)));
}

/// Drafts without tokens.
void Blocks::start(size_t slot, size_t tokens) {
  BlockSlot& state = slots_[slot];
  const BlockSettings& settings = state.settings.blocks;
  const size_t most = room(slot);
  if (most == 0) throw slot_full(slot);
  Block block;
  block.length = std::clamp<size_t>(tokens, 1, most);
  const bool halfway = settings.kept < settings.drafts && block.length > 1;
  block.target = halfway ? block.length / 2 : block.length;
  for (size_t draft = 0; draft < settings.drafts; ++draft) {
    block.drafts.emplace_back(draft, state.chain->clone(), draft_seed(state.settings.seed, state.blocks, draft),
                              state.recent);
  }
  ++state.blocks;
  state.block = std::move(block);
}

DraftBatch Blocks::draft(const std::vector<size_t>& slots, const std::vector<size_t>& tokens) {
  const std::vector<Drafting> drafting = open(slots, Phase::kDrawing);
  if (tokens.size() != slots.size()) throw Error(ErrorCode::kOptionInvalid, "one length a slot is needed.");
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!drafting[i].state->block) start(slots[i], tokens[i]);
  }
  DraftBatch batch;
  try {
    const Stopwatch policy_watch;
    batch.failed = policy_.draw(drafting);
    batch.policy_ms = policy_watch.milliseconds();
    const Stopwatch reward_watch;
    const std::vector<Drafting> rated = rate(drafting, batch.failed);
    batch.reward_ms = reward_watch.milliseconds();
    for (const Drafting& slot : rated) slot.state->phase = Phase::kRated;
  } catch (...) {
    abandon(slots);
    throw;
  }
  for (const FailedStep& failed : batch.failed) abandon({failed.slot});
  for (const Drafting& slot : drafting) {
    if (slot.state->phase == Phase::kEmpty) continue;
    DraftedSlot drafted{slot.slot, {}};
    if (slot.state->phase == Phase::kRated) {
      for (const Draft& draft : slot.block().drafts) {
        drafted.drafts.push_back({draft.tokens, draft.log_probs, draft.policy_log_probs, draft.text, draft.finished(),
                                  draft.values,
                                  draft.values.empty() ? std::nullopt : std::optional<double>(draft.reward)});
      }
    }
    batch.slots.push_back(std::move(drafted));
  }
  return batch;
}

/// Those whose drafts have their tokens.
std::vector<Drafting> Blocks::rate(std::vector<Drafting> slots, const std::vector<FailedStep>& failed) {
  const auto goes_on = [&](const Drafting& slot) {
    const auto same = [&](const FailedStep& each) { return each.slot == slot.slot; };
    const Block& block = slot.block();
    return std::any_of(failed.begin(), failed.end(), same) ||
           std::any_of(block.drafts.begin(), block.drafts.end(),
                       [&](const Draft& draft) { return block.waits(draft); });
  };
  slots.erase(std::remove_if(slots.begin(), slots.end(), goes_on), slots.end());
  rating_.rate(slots);
  return slots;
}

KeepBatch Blocks::keep(const std::vector<size_t>& slots, const std::vector<std::vector<double>>& rewards) {
  const std::vector<Drafting> rated = open(slots, Phase::kRated);
  if (rewards.size() != slots.size()) throw Error(ErrorCode::kOptionInvalid, "one array of rewards a slot is needed.");
  for (size_t i = 0; i < rated.size(); ++i) check_rewards(rated[i].block(), rewards[i]);
  KeepBatch batch;
  std::vector<std::pair<size_t, const Draft*>> taken;
  std::vector<std::pair<const Drafting*, size_t>> chosen;
  try {
    for (size_t i = 0; i < rated.size(); ++i) {
      const Drafting& slot = rated[i];
      Block& block = slot.block();
      for (size_t draft = 0; draft < rewards[i].size(); ++draft) block.drafts[draft].reward = rewards[i][draft];
      batch.slots.push_back({slot.slot, {}});
      if (block.target < block.length) {
        drop_hopeless(slot);
        continue;
      }
      std::vector<double> scores;
      const size_t best = choose(slot, scores);
      batch.slots.back().steps = result(slot, best, scores[best]);
      taken.emplace_back(slot.slot, &block.drafts[best]);
      chosen.emplace_back(&slot, best);
    }
    const Stopwatch policy_watch;
    policy_.take(taken);
    batch.policy_ms = policy_watch.milliseconds();
    const Stopwatch reward_watch;
    rating_.take(taken);
    batch.reward_ms = reward_watch.milliseconds();
  } catch (...) {
    abandon(slots);
    throw;
  }
  for (const auto& [slot, best] : chosen) finish(*slot, best);
  for (KeptSlot& slot : batch.slots) {
    if (!slot.steps.empty()) slot.steps.back().full = room(slot.slot) == 0;
  }
  for (const Drafting& slot : rated) slot.state->phase = Phase::kDrawing;
  return batch;
}

/// The best go on, ties to the first. Where the policy decides about the end, the first draft does: it stays.
void Blocks::drop_hopeless(const Drafting& slot) {
  Block& block = slot.block();
  const SlotSettings& settings = slot.state->settings;
  const bool first_stays = settings.ending == Ending::kPolicy;
  const size_t first = first_allowed(block.drafts);
  std::vector<size_t> order;
  for (size_t place = 0; place < block.drafts.size(); ++place) order.push_back(place);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (first_stays && (a == first || b == first)) return a == first && b != first;
    return block.drafts[a].reward > block.drafts[b].reward;
  });
  order.resize(std::min(order.size(), settings.blocks.kept));
  std::sort(order.begin(), order.end());
  std::vector<Draft> kept;
  for (const size_t place : order) kept.push_back(std::move(block.drafts[place]));
  for (size_t number = 0; number < settings.blocks.drafts; ++number) {
    const auto same = [number](const Draft& draft) { return draft.number == number; };
    if (std::any_of(kept.begin(), kept.end(), same)) continue;
    policy_.drop(slot.slot, number);
    rating_.drop(slot.slot, number);
  }
  block.drafts = std::move(kept);
  block.target = block.length;
  block.wave.clear();
}

/// By reward. Where the policy decides about the end, the first draft that is not banned, one draw like any other, says
/// whether the response ends in this block: among those that do the same the reward chooses, and the policy's own
/// probability of ending is kept exactly.
size_t Blocks::choose(const Drafting& slot, std::vector<double>& scores) const {
  const SlotSettings& settings = slot.state->settings;
  const std::vector<Draft>& drafts = slot.block().drafts;
  const bool ends = drafts[first_allowed(drafts)].finished();
  std::vector<size_t> places;
  for (size_t place = 0; place < drafts.size(); ++place) {
    scores.push_back(drafts[place].reward);
    if (settings.ending != Ending::kPolicy || drafts[place].finished() == ends) places.push_back(place);
  }
  std::vector<double> competing;
  for (const size_t place : places) competing.push_back(scores[place]);
  return places[select_candidate(competing, settings.select, settings.temperature, slot.state->random)];
}

std::vector<StepResult> Blocks::result(const Drafting& slot, size_t chosen, double score) const {
  const Draft& draft = slot.block().drafts[chosen];
  const size_t n = rating_.n_objectives();
  std::vector<StepResult> steps;
  for (size_t i = 0; i < draft.tokens.size(); ++i) {
    const bool last = i + 1 == draft.tokens.size();
    StepResult step;
    step.slot = slot.slot;
    step.token = draft.tokens[i];
    step.rank = chosen;
    step.eog = draft.eog && last;
    step.bytes = policy_.model().vocabulary().piece(step.token, /*special=*/false);
    step.log_prob = draft.log_probs[i];
    step.policy_log_prob = draft.policy_log_probs[i];
    step.reward = rating_.reward_at(draft, i);
    const auto row = draft.objectives.begin() + static_cast<ptrdiff_t>(i * n);
    step.objectives.assign(row, row + static_cast<ptrdiff_t>(n));
    step.score = last ? score : kNan;
    steps.push_back(std::move(step));
  }
  return steps;
}

void Blocks::finish(const Drafting& slot, size_t chosen) {
  BlockSlot& state = *slot.state;
  Draft& draft = slot.block().drafts[chosen];
  tokens_taken_ += draft.tokens.size();
  state.chain.emplace(std::move(draft.chain));
  state.recent = std::move(draft.recent);
  state.last_objectives.assign(draft.objectives.end() - static_cast<ptrdiff_t>(rating_.n_objectives()),
                               draft.objectives.end());
  state.block.reset();
}

void Blocks::abandon(const std::vector<size_t>& slots) {
  for (const size_t slot : slots) {
    policy_.abandon(slot);
    clear(slot);
  }
}

}  // namespace argsearch

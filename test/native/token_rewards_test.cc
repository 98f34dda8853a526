#include <cmath>

#include "check.h"
#include "embedded_search.h"
#include "error.h"
#include "texts/scorer.h"

namespace argsearch {
namespace {

using test::kPrompt;

bool near(double a, double b) { return std::abs(a - b) <= 1e-4 * (1 + std::abs(b)); }

SearchSettings settings_of(const std::vector<RewardSource>& rewards, uint32_t slots = 1) {
  SearchSettings settings = test::search_settings(slots, /*share_trunk=*/true);
  settings.rewards = rewards;
  return settings;
}

RewardSource of_tokens(const std::shared_ptr<const Model>& model, RewardKind kind, double weight = 1) {
  RewardSource source;
  source.model = model;
  source.kind = kind;
  source.weights = {weight};
  return source;
}

SlotSettings slot_settings(size_t top_k = 5) {
  SlotSettings slot;
  slot.top_k = top_k;
  slot.weight = 0.5;
  slot.ending = Ending::kNever;
  slot.keep_candidates = true;
  return slot;
}

/// What a language model says of a text's tokens behind the prompt, each by those before it: another way through
/// llama.cpp.
std::vector<double> values_of(const std::shared_ptr<const Model>& model, RewardKind kind,
                              const std::vector<llama_token>& tokens) {
  ScorerSettings settings;
  settings.model = model;
  settings.kind = kind;
  settings.context_size = 64;
  settings.context = test::context_settings();
  Scorer scorer(settings);
  ScoreSequence sequence{tokens, {}};
  for (size_t i = kPrompt.size(); i < tokens.size(); ++i) sequence.positions.push_back(static_cast<int32_t>(i));
  return scorer.score({sequence}, false)[0].rewards;
}

void check_values(RewardKind kind) {
  const std::shared_ptr<const Model> model = test::load_model();
  Search search(settings_of({of_tokens(model, kind)}));
  search.begin(0, kPrompt, {kPrompt}, slot_settings());
  std::vector<llama_token> text = kPrompt;
  for (int i = 0; i < 5; ++i) {
    const StepResult step = search.steps().step({0}).steps[0];
    for (size_t rank = 0; rank < step.candidates->size(); ++rank) {
      std::vector<llama_token> other = text;
      other.push_back(step.candidates->tokens[rank]);
      CHECK(near(step.candidates->rewards[rank], values_of(model, kind, other).back()));
    }
    text.push_back(step.token);
  }
  CHECK(search.counters().policy_tokens == 5);
  CHECK(search.counters().reward_tokens == 5);
}

TEST("rewards of tokens: log-probabilities are what the model says of each candidate, for one token a step") {
  check_values(RewardKind::kLogProb);
}

TEST("rewards of tokens: logits are what the model says of each candidate, for one token a step") {
  check_values(RewardKind::kLogit);
}

TEST("rewards of tokens: a contrast with the policy as its base takes one token a step, and of one model is nothing") {
  const std::shared_ptr<const Model> model = test::load_model();
  RewardSource contrast = of_tokens(model, RewardKind::kLogProb);
  contrast.base_is_policy = true;
  Search search(settings_of({contrast}));
  search.begin(0, kPrompt, {kPrompt}, slot_settings());
  for (int i = 0; i < 4; ++i) {
    const StepResult step = search.steps().step({0}).steps[0];
    for (const double reward : step.candidates->rewards) CHECK(std::abs(reward) < 1e-4);
  }
  CHECK(search.counters().reward_tokens == 4);
}

TEST("rewards of tokens: a contrast of the policy itself with a base decodes the base alone") {
  const std::shared_ptr<const Model> model = test::load_model();
  RewardSource contrast = of_tokens(model, RewardKind::kLogProb);
  contrast.model_is_policy = true;
  contrast.base = model;
  Search search(settings_of({contrast}));
  search.begin(0, kPrompt, {{1, 2, 9, 4}}, slot_settings());
  const StepResult step = search.steps().step({0}).steps[0];
  for (size_t rank = 0; rank < step.candidates->size(); ++rank) {
    const llama_token token = step.candidates->tokens[rank];
    const double base = values_of(model, RewardKind::kLogProb, {1, 2, 9, 4, token})[0];
    CHECK(near(step.candidates->rewards[rank], step.candidates->policy_log_probs[rank] - base));
  }
  CHECK(search.counters().reward_tokens == 1);
  contrast.base = nullptr;
  CHECK_FAILS(Search(settings_of({contrast})), ErrorCode::kOptionInvalid);
}

TEST("rewards of tokens: a base of its own is subtracted, for one token more") {
  const std::shared_ptr<const Model> model = test::load_model();
  RewardSource contrast = of_tokens(model, RewardKind::kLogProb, 2);
  contrast.base = model;
  Search search(settings_of({contrast, of_tokens(model, RewardKind::kLogProb, 0.5)}));
  search.begin(0, kPrompt, {kPrompt, {1, 2, 9, 4}, kPrompt}, slot_settings());
  const StepResult step = search.steps().step({0}).steps[0];
  for (size_t rank = 0; rank < step.candidates->size(); ++rank) {
    const double base = values_of(model, RewardKind::kLogProb, {1, 2, 9, 4, step.candidates->tokens[rank]})[0];
    const double tuned = values_of(model, RewardKind::kLogProb, {1, 2, 3, 4, step.candidates->tokens[rank]})[0];
    CHECK(near(step.candidates->objectives[rank * 2], tuned - base));
    CHECK(near(step.candidates->rewards[rank], 2 * (tuned - base) + 0.5 * tuned));
  }
  CHECK(search.counters().reward_tokens == 3);
}

TEST("rewards of tokens: of slots in one batch they are those of slots alone") {
  const std::shared_ptr<const Model> model = test::load_model();
  Search together(settings_of({of_tokens(model, RewardKind::kLogProb)}, 3));
  std::vector<std::vector<double>> alone;
  for (llama_token slot = 0; slot < 3; ++slot) {
    const std::vector<llama_token> prompt = {1, 2, slot + 3};
    together.begin(static_cast<size_t>(slot), prompt, {prompt}, slot_settings());
    Search one(settings_of({of_tokens(model, RewardKind::kLogProb)}));
    one.begin(0, prompt, {prompt}, slot_settings());
    alone.push_back(one.steps().step({0}).steps[0].candidates->rewards);
  }
  const uint64_t before = together.counters().reward_decodes;
  const StepBatch batch = together.steps().step({0, 1, 2});
  CHECK(together.counters().reward_decodes == before + 1);
  for (const StepResult& step : batch.steps) {
    for (size_t rank = 0; rank < 5; ++rank) CHECK(near(step.candidates->rewards[rank], alone[step.slot][rank]));
  }
}

TEST("rewards of tokens: with two threads the models decode side by side, and say the same") {
  const std::shared_ptr<const Model> model = test::load_model();
  RewardSource contrast = of_tokens(model, RewardKind::kLogProb);
  contrast.base = model;
  SearchSettings alone = settings_of({contrast}, 2);
  SearchSettings beside = alone;
  beside.context = test::context_settings(/*threads=*/2);
  Search one(alone);
  Search two(beside);
  for (const size_t slot : {0, 1}) {
    for (Search* search : {&one, &two}) search->begin(slot, kPrompt, {{1, 2, 9, 4}, {1, 7, 3}}, slot_settings());
  }
  for (int i = 0; i < 4; ++i) {
    const StepBatch first = one.steps().step({0, 1});
    const StepBatch second = two.steps().step({0, 1});
    for (size_t slot = 0; slot < 2; ++slot) {
      CHECK(first.steps[slot].token == second.steps[slot].token);
      for (size_t rank = 0; rank < 5; ++rank) {
        CHECK(near(first.steps[slot].candidates->rewards[rank], second.steps[slot].candidates->rewards[rank]));
      }
    }
  }
  CHECK(two.counters().reward_tokens == 2 * 2 * 4);
}

TEST("rewards of tokens: what a gate left out is read at the end, and by the next step") {
  const std::shared_ptr<const Model> model = test::load_model();
  RewardSource contrast = of_tokens(model, RewardKind::kLogProb);
  contrast.base_is_policy = true;
  Search search(settings_of({of_tokens(model, RewardKind::kLogProb), contrast}));
  SlotSettings gated = slot_settings();
  gated.gate.gate = Gate::kEntropy;
  gated.gate.limit = 1e9;
  const std::vector<llama_token> other = {1, 2, 9, 4};
  search.begin(0, kPrompt, {kPrompt, other}, gated);
  std::vector<llama_token> text = kPrompt;
  std::vector<llama_token> other_text = other;
  double policy_log_prob = 0;
  for (int i = 0; i < 4; ++i) {
    const StepResult step = search.steps().step({0}).steps[0];
    CHECK(!step.reward);
    text.push_back(step.token);
    other_text.push_back(step.token);
    policy_log_prob = step.policy_log_prob;
  }
  CHECK(search.counters().reward_tokens == 0);
  const LateRewards late = search.steps().rate_end({0}).slots[0];
  const std::vector<double> values = values_of(model, RewardKind::kLogProb, text);
  CHECK(late.last && near(late.last->objectives[0], values[3]));
  CHECK(late.before && near(late.before->objectives[0], values[2]));
  CHECK(near(late.last->objectives[1], values_of(model, RewardKind::kLogProb, other_text)[3] - policy_log_prob));
  CHECK(search.counters().reward_tokens == 2 * 4);
}

TEST("rewards of tokens: a token that was taken unrated is found by the step behind it") {
  const std::shared_ptr<const Model> model = test::load_model();
  Search search(settings_of({of_tokens(model, RewardKind::kLogProb)}));
  SlotSettings gated = slot_settings();
  gated.gate.gate = Gate::kRandom;
  gated.gate.limit = 0.5;
  gated.seed = 3;
  search.begin(0, kPrompt, {kPrompt}, gated);
  std::vector<llama_token> text = kPrompt;
  int found = 0;
  bool unrated = false;
  for (int i = 0; i < 20; ++i) {
    const StepResult step = search.steps().step({0}).steps[0];
    text.push_back(step.token);
    if (step.reward) {
      const std::vector<double> values = values_of(model, RewardKind::kLogProb, text);
      CHECK(near(*step.reward, values.back()));
      const LateRewards late = search.steps().rate_end({0}).slots[0];
      CHECK(!late.last);
      if (unrated) {
        ++found;
        CHECK(late.before && near(late.before->objectives[0], values[values.size() - 2]));
      }
    }
    unrated = !step.reward;
  }
  CHECK(found > 1);
}

TEST("rewards of tokens: steps that are looked ahead to are those that are taken one by one") {
  const std::shared_ptr<const Model> model = test::load_model();
  RewardSource contrast = of_tokens(model, RewardKind::kLogProb);
  contrast.base_is_policy = true;
  const std::vector<RewardSource> sources = {contrast, of_tokens(model, RewardKind::kLogit, 0.05)};
  const std::vector<llama_token> other = {1, 2, 9, 4};
  Search plain(settings_of(sources));
  Search ahead(settings_of(sources));
  SlotSettings slot = slot_settings();
  plain.begin(0, kPrompt, {other, kPrompt}, slot);
  slot.lookahead.steps = 4;
  ahead.begin(0, kPrompt, {other, kPrompt}, slot);
  std::vector<StepResult> taken;
  bool several = false;
  while (taken.size() < 24) {
    for (StepResult& step : ahead.steps().step({0}).steps) {
      several = several || step.ahead > 0;
      taken.push_back(std::move(step));
    }
  }
  CHECK(several);
  for (size_t i = 0; i < 24; ++i) {
    const StepResult step = plain.steps().step({0}).steps[0];
    CHECK(step.token == taken[i].token);
    for (size_t rank = 0; rank < 5; ++rank) {
      CHECK(near(step.candidates->rewards[rank], taken[i].candidates->rewards[rank]));
    }
  }
}

TEST("rewards of tokens: a draft is worth the sum over its tokens, and the next block goes on behind the one kept") {
  const std::shared_ptr<const Model> model = test::load_model();
  Search search(settings_of({of_tokens(model, RewardKind::kLogProb)}));
  SlotSettings slot = slot_settings();
  slot.method = Method::kBlocks;
  slot.blocks.drafts = 4;
  slot.blocks.kept = 2;
  slot.blocks.read_at_end = {false};
  search.begin(0, kPrompt, {kPrompt}, slot);
  std::vector<llama_token> text = kPrompt;
  for (int block = 0; block < 3; ++block) {
    for (;;) {
      const DraftBatch drawn = search.blocks().draft({0}, {6});
      if (drawn.slots[0].drafts.empty()) continue;
      for (const DraftResult& draft : drawn.slots[0].drafts) {
        std::vector<llama_token> whole = text;
        whole.insert(whole.end(), draft.tokens.begin(), draft.tokens.end());
        const std::vector<double> values = values_of(model, RewardKind::kLogProb, whole);
        double sum = 0;
        for (size_t i = values.size() - draft.tokens.size(); i < values.size(); ++i) sum += values[i];
        CHECK(near(*draft.reward, sum));
      }
      const KeepBatch kept = search.blocks().keep({0}, {{}});
      if (kept.slots[0].steps.empty()) continue;
      for (const StepResult& step : kept.slots[0].steps) text.push_back(step.token);
      const std::vector<double> values = values_of(model, RewardKind::kLogProb, text);
      const size_t first = values.size() - kept.slots[0].steps.size();
      for (size_t i = first; i < values.size(); ++i) CHECK(near(*kept.slots[0].steps[i - first].reward, values[i]));
      break;
    }
  }
}

TEST("rewards of tokens: what goes with a head alone is refused") {
  const std::shared_ptr<const Model> model = test::load_model();
  RewardSource two = of_tokens(model, RewardKind::kLogProb);
  two.weights = {1, 1};
  CHECK_FAILS(Search(settings_of({two})), ErrorCode::kOptionInvalid);
  RewardSource based = of_tokens(model, RewardKind::kLogit);
  based.base_is_policy = true;
  CHECK_FAILS(Search(settings_of({based})), ErrorCode::kOptionInvalid);
  Search search(settings_of({of_tokens(model, RewardKind::kLogProb)}));
  SlotSettings predicted = slot_settings();
  predicted.gate.gate = Gate::kPredicted;
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, predicted), ErrorCode::kRewardPredictorMissing);
  CHECK(!search.shares_trunk());
}

}  // namespace
}  // namespace argsearch

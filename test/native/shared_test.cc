#include <cmath>

#include "check.h"
#include "embedded_search.h"
#include "error.h"

namespace argsearch {
namespace {

using test::kPrompt;
using test::search_settings;

bool near(double a, double b) { return std::abs(a - b) < 0.02 * (1 + std::abs(b)); }

TEST("shared trunk: tokens and rewards of two contexts, no token decoded twice") {
  Search plain(search_settings(2));
  Search shared(search_settings(2, /*share_trunk=*/true));
  CHECK(!plain.shares_trunk() && shared.shares_trunk());
  const std::vector<llama_token> other = {9, 8, 7};
  for (Search* search : {&plain, &shared}) {
    search->begin(0, kPrompt, {kPrompt}, SlotSettings{});
    search->begin(1, other, {other}, SlotSettings{});
  }
  for (int i = 0; i < 12; ++i) {
    const StepBatch one = plain.steps().step({0, 1});
    const StepBatch both = shared.steps().step({0, 1});
    for (size_t slot = 0; slot < 2; ++slot) {
      CHECK(both.steps[slot].token == one.steps[slot].token);
      CHECK(near(*both.steps[slot].reward, *one.steps[slot].reward));
      CHECK(near(both.steps[slot].policy_log_prob, one.steps[slot].policy_log_prob));
    }
  }
  CHECK(plain.counters().policy_tokens == 24 && plain.counters().reward_tokens == 240);
  // The last token of each prompt, and the candidates.
  CHECK(shared.counters().policy_tokens == 2 && shared.counters().reward_tokens == 240);
  CHECK(shared.counters().reward_prefill_tokens == 0);
}

TEST("shared trunk: a slot whose reward model reads other tokens has a context for it") {
  Search plain(search_settings(2));
  Search shared(search_settings(2, true));
  const std::vector<llama_token> read = {5, 6, 7};
  for (Search* search : {&plain, &shared}) {
    search->begin(0, kPrompt, {read}, SlotSettings{});
    search->begin(1, kPrompt, {kPrompt}, SlotSettings{});
  }
  CHECK(shared.counters().reward_prefill_tokens == read.size());
  for (int i = 0; i < 6; ++i) {
    const StepBatch one = plain.steps().step({0, 1});
    const StepBatch both = shared.steps().step({0, 1});
    for (size_t slot = 0; slot < 2; ++slot) {
      CHECK(both.steps[slot].token == one.steps[slot].token);
      CHECK(near(*both.steps[slot].reward, *one.steps[slot].reward));
    }
  }
}

TEST("shared trunk: more candidates than branches, and rewards from outside") {
  Search plain(search_settings(1));
  Search shared(search_settings(1, true));
  SlotSettings wide;
  wide.top_k = 60;
  for (Search* search : {&plain, &shared}) search->begin(0, kPrompt, {kPrompt}, wide);
  for (int i = 0; i < 4; ++i) {
    CHECK(shared.steps().step({0}).steps[0].token == plain.steps().step({0}).steps[0].token);
  }
  const StepBatch one = plain.steps().propose({0});
  const StepBatch both = shared.steps().propose({0});
  CHECK(both.steps[0].candidates->tokens == one.steps[0].candidates->tokens);
  std::vector<double> rewards(60, 0);
  rewards[17] = 1000;
  for (Search* search : {&plain, &shared}) {
    CHECK(search->steps().commit({0}, {rewards}).steps[0].rank == 17);
  }
  CHECK(shared.steps().step({0}).steps[0].token == plain.steps().step({0}).steps[0].token);
}

TEST("shared trunk: a slot goes on where it was, begun anew and unrated as well") {
  Search shared(search_settings(1, true));
  shared.begin(0, kPrompt, {kPrompt}, SlotSettings{});
  std::vector<llama_token> text = kPrompt;
  for (int i = 0; i < 5; ++i) text.push_back(shared.steps().step({0}).steps[0].token);
  const StepResult next = shared.steps().step({0}).steps[0];
  const BeginResult again = shared.begin(0, text, {text}, SlotSettings{});
  CHECK(again.policy.decoded == 0 && again.policy.cached == text.size() - 1);
  CHECK(shared.steps().step({0}).steps[0].token == next.token);
  SlotSettings unrated;
  unrated.rewards = false;
  shared.begin(0, text, {}, unrated);
  CHECK(!shared.steps().step({0}).steps[0].reward);
  SlotSettings blocks;
  blocks.method = Method::kBlocks;
  shared.begin(0, text, {text}, blocks);
  CHECK(shared.counters().reward_prefill_tokens == text.size());
}

TEST("shared trunk: a context has room for drafts and candidates of all slots") {
  Search shared(search_settings(16, true));
  std::vector<size_t> slots;
  for (size_t slot = 0; slot < 16; ++slot) {
    shared.begin(slot, kPrompt, {kPrompt}, SlotSettings{});
    slots.push_back(slot);
  }
  const StepBatch batch = shared.steps().step(slots);
  for (const StepResult& step : batch.steps) CHECK(step.token == batch.steps[0].token);
  CHECK(shared.steps().step(slots).steps.size() == 16);
}

}  // namespace
}  // namespace argsearch

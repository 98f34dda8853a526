#include <cmath>

#include "check.h"
#include "embedded_search.h"
#include "error.h"
#include "search/search.h"
#include "search/steps/pace.h"

namespace argsearch {
namespace {

using test::kPrompt;
using test::search_settings;

SlotSettings ahead(size_t steps, uint32_t seed = 0) {
  SlotSettings slot;
  slot.top_k = 5;
  slot.weight = 0.1;
  slot.ending = Ending::kNever;
  slot.seed = seed;
  slot.lookahead.steps = steps;
  return slot;
}

TEST(
    "batch costs: the first of a size is left out, what lies between is on the line, what is larger is taken to cost "
    "no more") {
  BatchCosts costs;
  CHECK(costs.at(7) == 0);
  costs.add(10, 900);
  CHECK(costs.at(10) == 0);
  costs.add(10, 20);
  costs.add(30, 900);
  CHECK(costs.at(4) == 20 && costs.at(10) == 20 && costs.at(30) == 20);
  costs.add(30, 60);
  CHECK(costs.at(10) == 20 && costs.at(20) == 40 && costs.at(30) == 60 && costs.at(99) == 60);
  costs.add(10, 10);
  CHECK(costs.at(10) == 10);
  costs.add(10, 30);
  CHECK(costs.at(10) == 12);
  costs.add(10, 6);
  CHECK(costs.at(10) == 9);
}

/// Twice, for the first of a size does not count.
void seen(Pace& pace, const std::vector<std::pair<size_t, double>>& rewards, double policy_ms) {
  for (int i = 0; i < 2; ++i) {
    pace.decoded(1, policy_ms);
    for (const auto& [candidates, ms] : rewards) pace.rated(candidates, ms);
  }
}

size_t paced(Pace& pace, double acceptance, size_t most = 4) {
  std::vector<Paced> slots{{10, most, acceptance, true}};
  pace.choose(slots);
  return slots[0].length;
}

TEST("pace: where large batches cost what small ones do, as far as steps are taken; elsewhere one step") {
  Pace flat;
  seen(flat, {{10, 16}, {40, 16.5}}, 4);
  CHECK(paced(flat, 0.95) == 4);
  CHECK(paced(flat, 0.5) == 2);
  CHECK(paced(flat, 0.1) == 1);
  CHECK(paced(flat, 0.95, 1) == 1);
  Pace steep;
  seen(steep, {{10, 16}, {40, 64}}, 4);
  for (int i = 0; i < 60; ++i) CHECK(paced(steep, 0.95) == 1);
}

TEST("pace: what was never seen is tried, and what did not pay once in a while") {
  Pace pace;
  CHECK(paced(pace, 0.9) == 1);
  seen(pace, {{10, 16}}, 4);
  CHECK(paced(pace, 0.9) == 4);
  seen(pace, {{40, 64}}, 4);
  int longer = 0;
  for (int i = 0; i < 640; ++i) longer += paced(pace, 0.9) > 1 ? 1 : 0;
  CHECK(longer == 10);
}

TEST("pace: a step that seemed dear in the beginning is found to be cheap") {
  Pace pace;
  seen(pace, {{10, 90}, {20, 75}, {40, 150}}, 8);
  size_t steps = 0;
  for (int i = 0; i < 40; ++i) {
    const size_t length = paced(pace, 0.6, 2);
    pace.rated(10 * length, length == 1 ? 35 : 75);
    steps = length;
  }
  CHECK(steps == 1);
}

TEST("pace: a length that is given is kept, and slots that adapt fill what is flat") {
  Pace pace;
  seen(pace, {{10, 16}, {80, 17}}, 4);
  pace.decoded(2, 4);
  pace.decoded(2, 4);
  std::vector<Paced> slots{{10, 3, 0.1, false}, {10, 4, 0.95, true}};
  pace.choose(slots);
  CHECK(slots[0].length == 3);
  CHECK(slots[1].length == 4);
}

TEST("lookahead: refused beside a gate, blocks and nothing that rates") {
  Search search(search_settings(1));
  SlotSettings gated = ahead(4);
  gated.gate = {Gate::kEntropy, 1};
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, gated), ErrorCode::kOptionInvalid);
  SlotSettings blocks = ahead(4);
  blocks.method = Method::kBlocks;
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, blocks), ErrorCode::kOptionInvalid);
  SlotSettings unrated = ahead(4);
  unrated.rewards = false;
  CHECK_FAILS(search.begin(0, kPrompt, {}, unrated), ErrorCode::kOptionInvalid);
}

TEST("lookahead: a call takes several steps of its slots, in their order, beside one of the others") {
  Search search(search_settings(3));
  search.begin(0, kPrompt, {kPrompt}, ahead(4, 1));
  search.begin(1, kPrompt, {kPrompt}, ahead(1, 2));
  search.begin(2, kPrompt, {kPrompt}, ahead(2, 3));
  size_t most = 0;
  for (int call = 0; call < 8; ++call) {
    const SearchCounters before = search.counters();
    const StepBatch batch = search.steps().step({0, 1, 2});
    std::vector<size_t> taken(3);
    for (const StepResult& step : batch.steps) {
      CHECK(step.ahead == taken[step.slot]++);
      CHECK(step.window == (step.slot == 0 ? 4U : step.slot == 1 ? 1U : 2U));
      CHECK(step.ahead == 0 || step.rank == 0 || step.ahead + 1 == taken[step.slot]);
    }
    CHECK(taken[0] >= 1 && taken[0] <= 4 && taken[1] == 1 && taken[2] >= 1 && taken[2] <= 2);
    most = std::max(most, taken[0]);
    CHECK(search.counters().steps - before.steps == batch.steps.size());
  }
  CHECK(most > 1);
}

TEST("lookahead: the steps of a window can be followed by halves, and by another response") {
  Search search(search_settings(1));
  Search plain(search_settings(1));
  search.begin(0, kPrompt, {kPrompt}, ahead(4));
  plain.begin(0, kPrompt, {kPrompt}, ahead(1));
  std::vector<llama_token> tokens;
  for (const StepResult& step : search.steps().step({0}).steps) tokens.push_back(step.token);
  const StepBatch proposed = search.steps().propose({0});
  const std::vector<double> rewards(proposed.steps[0].candidates->size(), 1.0);
  tokens.push_back(search.steps().commit({0}, {rewards}).steps[0].token);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) CHECK(plain.steps().step({0}).steps[0].token == tokens[i]);
  plain.steps().propose({0});
  CHECK(plain.steps().commit({0}, {rewards}).steps[0].token == tokens.back());
  std::vector<llama_token> longer = kPrompt;
  longer.insert(longer.end(), tokens.begin(), tokens.end() - 1);
  const BeginResult again = search.begin(0, longer, {longer}, ahead(4));
  CHECK(again.policy.decoded == 0 && again.rewards[0].decoded == 0);
}

}  // namespace
}  // namespace argsearch

#include <atomic>
#include <cmath>
#include <limits>
#include <random>

#include "check.h"
#include "embedded_search.h"
#include "error.h"
#include "search/narrow/bound.h"
#include "search/narrow/entropy.h"
#include "search/search.h"
#include "search/select/select.h"

namespace argsearch {
namespace {

using test::kPrompt;
using test::search_settings;

TEST("entropy: of an even distribution the logarithm of its size, of a sure one nothing") {
  const std::vector<float> even(100, 3.5f);
  CHECK(std::abs(entropy(even.data(), even.size()) - std::log(100)) < 1e-9);
  std::vector<float> sure(100, -std::numeric_limits<float>::infinity());
  sure[7] = 2;
  CHECK(entropy(sure.data(), sure.size()) == 0);
  const std::vector<float> coin = {0, 0, -1000};
  CHECK(std::abs(entropy(coin.data(), coin.size()) - std::log(2)) < 1e-9);
}

/// A step of one slot with the bound gate, whose candidates lie so far below the likeliest.
SlotStep step_of(SlotState& state, const std::vector<double>& depths, double draw = 0.5) {
  SlotStep slot;
  slot.state = &state;
  slot.draw = draw;
  for (const double depth : depths) slot.candidates.log_probs.push_back(-1 - depth);
  const size_t k = depths.size();
  slot.candidates.tokens.assign(k, 0);
  slot.candidates.ends.assign(k, false);
  slot.candidates.rewards.assign(k, std::nan(""));
  slot.open.assign(k, true);
  slot.rated.assign(k, false);
  return slot;
}

SlotState bound_state() {
  SlotState state;
  state.settings.gate.gate = Gate::kBound;
  state.settings.weight = 0.5;
  return state;
}

/// As Steps does it: what is left open is rated, and the best is chosen.
SlotStep take(Bound& gate, SlotState& state, const std::vector<double>& depths, const std::vector<double>& rewards,
              double draw = 0.5) {
  Step step;
  step.push_back(step_of(state, depths, draw));
  SlotStep& slot = step[0];
  gate.narrow(step);
  for (const size_t rank : slot.unrated()) {
    slot.candidates.rewards[rank] = rewards[rank];
    slot.rated[rank] = true;
  }
  select(slot);
  gate.learn(whole(step));
  return std::move(slot);
}

/// Enough steps to learn from, whose deepest winner lies `depth` below the likeliest.
void warm_up(Bound& gate, SlotState& state, double depth) {
  for (int i = 0; i < 1000; ++i) {
    const SlotStep slot = take(gate, state, {0, depth}, {0, i == 0 ? 100.0 : -100.0});
    CHECK(i > 0 || (slot.unrated().empty() && !slot.gated && slot.chosen == size_t{1}));
  }
}

TEST("bound: closes what lies deeper than any winner, with a margin, and rates nothing where one is left") {
  Bound gate;
  SlotState state = bound_state();
  warm_up(gate, state, 2);
  const SlotStep some = take(gate, state, {0, 1, 2, 2.4, 2.6, 3}, {0, 0, 0, 0, 0, 0});
  CHECK(some.open == std::vector<bool>({true, true, true, true, false, false}));
  CHECK(!some.gated && some.chosen == size_t{0});
  CHECK(std::isnan(some.candidates.scores[5]));
  const SlotStep one = take(gate, state, {0, 2.6, 3}, {0, 100, 100});
  CHECK(one.gated && one.chosen == size_t{0} && one.n_open() == 1);
}

TEST("bound: an audited step is rated whole, and a winner that would have been closed widens the reach") {
  Bound gate;
  SlotState state = bound_state();
  warm_up(gate, state, 2);
  const SlotStep right = take(gate, state, {0, 1, 4}, {0, 50, 0}, 0);
  CHECK(right.audited && !right.violated && right.chosen == size_t{1});
  CHECK(right.rated == std::vector<bool>({true, true, true}));
  const SlotStep wrong = take(gate, state, {0, 1, 4}, {0, 0, 50}, 0);
  CHECK(wrong.audited && wrong.violated && wrong.chosen == size_t{2});
  const SlotStep after = take(gate, state, {0, 4.9, 5.1}, {0, 0, 0});
  CHECK(after.open == std::vector<bool>({true, true, false}));
}

TEST("bound: ways to score learn by themselves") {
  Bound gate;
  SlotState state = bound_state();
  warm_up(gate, state, 2);
  SlotState other = bound_state();
  other.settings.weight = 0.9;
  const SlotStep slot = take(gate, other, {0, 9}, {0, 0});
  CHECK(slot.open == std::vector<bool>({true, true}) && !slot.audited);
}

TEST("bound: where the policy decides the ending, the likeliest end wins unrated, and another has all rated") {
  Bound gate;
  SlotState state = bound_state();
  state.settings.ending = Ending::kPolicy;
  warm_up(gate, state, 2);
  Step step;
  step.push_back(step_of(state, {0, 1, 9}));
  step[0].candidates.ends[0] = true;
  gate.narrow(step);
  CHECK(step[0].gated && step[0].open == std::vector<bool>({true, false, false}));
  step[0] = step_of(state, {0, 1, 9});
  step[0].candidates.ends[1] = true;
  gate.narrow(step);
  CHECK(step[0].open == std::vector<bool>({true, true, true}));
  step[0] = step_of(state, {0, 1, 9});
  step[0].candidates.ends[2] = true;
  gate.narrow(step);
  CHECK(step[0].open == std::vector<bool>({true, true, false}));
}

TEST("bound: misses nothing once it has seen the rewards' spread") {
  Bound gate;
  SlotState state = bound_state();
  std::mt19937_64 random(5);
  size_t closed = 0;
  for (int i = 0; i < 5000; ++i) {
    std::vector<double> depths = {0};
    std::vector<double> rewards = {2 * uniform(random)};
    for (int rank = 1; rank < 10; ++rank) {
      depths.push_back(depths.back() + uniform(random));
      rewards.push_back(2 * uniform(random));
    }
    SlotStep all = step_of(state, depths);
    all.candidates.rewards = rewards;
    all.rated.assign(10, true);
    select(all);
    const SlotStep slot = take(gate, state, depths, rewards, uniform(random));
    CHECK(slot.chosen == all.chosen);
    CHECK(!slot.violated);
    closed += 10 - slot.n_open();
  }
  CHECK(closed > 10000);
}

SlotSettings gated(Gate gate, double limit) {
  SlotSettings settings;
  settings.gate = {gate, limit};
  settings.keep_candidates = true;
  return settings;
}

TEST("search: a gated step leaves the reward model alone, which reads what it missed with the next candidates") {
  Search search(search_settings(1));
  search.begin(0, kPrompt, {kPrompt}, gated(Gate::kRandom, 0.5));
  size_t missed = 0;
  size_t gated_steps = 0;
  for (int i = 0; i < 40; ++i) {
    const SearchCounters before = search.counters();
    const StepResult step = search.steps().step({0}).steps[0];
    const SearchCounters after = search.counters();
    CHECK(step.reward.has_value() == (step.rated == 10));
    if (step.rated == 0) {
      CHECK(step.rank == 0 && std::isnan(step.score) && std::isnan(step.objectives[0]));
      CHECK(after.reward_tokens == before.reward_tokens && after.reward_decodes == before.reward_decodes);
      ++missed;
      ++gated_steps;
    } else {
      CHECK(after.reward_tokens - before.reward_tokens == 10 + missed);
      CHECK(after.reward_decodes - before.reward_decodes == 1);
      missed = 0;
    }
  }
  CHECK(gated_steps > 5 && gated_steps < 35);
}

TEST("search: the last tokens that a gate left out are read at the end, once") {
  Search search(search_settings(1));
  search.begin(0, kPrompt, {kPrompt}, gated(Gate::kRandom, 1));
  CHECK(!search.steps().rate_end({0}).slots[0].last);
  for (int i = 0; i < 5; ++i) CHECK(!search.steps().step({0}).steps[0].reward);
  const SearchCounters before = search.counters();
  const LateRewards late = search.steps().rate_end({0}).slots[0];
  CHECK(late.last && late.before);
  CHECK(search.counters().reward_tokens - before.reward_tokens == 5);
  CHECK(search.counters().reward_decodes - before.reward_decodes == 1);
  const LateRewards again = search.steps().rate_end({0}).slots[0];
  CHECK(!again.last && !again.before);
  CHECK(search.counters().reward_tokens - before.reward_tokens == 5);
}

TEST("search: what a gate left out is not in the cache for the next prompt, and is decoded then") {
  Search search(search_settings(2));
  search.begin(0, kPrompt, {kPrompt}, gated(Gate::kRandom, 1));
  std::vector<llama_token> text = kPrompt;
  for (int i = 0; i < 5; ++i) text.push_back(search.steps().step({0}).steps[0].token);
  text.push_back(9);
  CHECK(search.begin(1, text, {text}, gated(Gate::kOff, 0)).rewards[0].cached == kPrompt.size());
  const PrefillCount count = search.begin(0, text, {text}, gated(Gate::kOff, 0)).rewards[0];
  CHECK(count.cached == text.size() && count.shared == text.size() - kPrompt.size());
  Search plain(search_settings(1));
  plain.begin(0, text, {text}, gated(Gate::kOff, 0));
  const Candidates found = *search.steps().step({0}).steps[0].candidates;
  const Candidates wanted = *plain.steps().step({0}).steps[0].candidates;
  CHECK(found.tokens == wanted.tokens);
  for (size_t rank = 0; rank < found.size(); ++rank) {
    CHECK(std::abs(found.rewards[rank] - wanted.rewards[rank]) < 0.05 * (1 + std::abs(wanted.rewards[rank])));
  }
}

/// Ends the next decode, which is the reward model's.
class Stop : public Narrower {
 public:
  explicit Stop(std::shared_ptr<Interrupt> interrupt) : interrupt_(std::move(interrupt)) {}
  void narrow(Step& step) override {
    if (!step[0].gated) interrupt_->cancel = &raised_;
  }

 private:
  std::shared_ptr<Interrupt> interrupt_;
  const std::atomic<bool> raised_{true};
};

/// Whether a slot that is begun anew behind a failure rates as a fresh search does.
void check_mended(Search& search, const std::vector<llama_token>& text) {
  CHECK_FAILS(search.steps().step({0}), ErrorCode::kBusy);
  CHECK(search.begin(0, text, {text}, gated(Gate::kOff, 0)).rewards[0].cached == kPrompt.size());
  Search plain(search_settings(1));
  plain.begin(0, text, {text}, gated(Gate::kOff, 0));
  const Candidates found = *search.steps().step({0}).steps[0].candidates;
  const Candidates wanted = *plain.steps().step({0}).steps[0].candidates;
  CHECK(found.tokens == wanted.tokens);
  for (size_t rank = 0; rank < found.size(); ++rank) {
    CHECK(std::abs(found.rewards[rank] - wanted.rewards[rank]) < 0.05 * (1 + std::abs(wanted.rewards[rank])));
  }
}

TEST("search: a failure while tokens are caught up leaves nothing of them in the cache") {
  const SearchSettings settings = search_settings(1);
  const std::shared_ptr<Interrupt>& interrupt = settings.context.interrupt;
  const std::atomic<bool> raised{true};
  Search search(settings);
  search.begin(0, kPrompt, {kPrompt}, gated(Gate::kRandom, 1));
  std::vector<llama_token> text = kPrompt;
  for (int i = 0; i < 4; ++i) text.push_back(search.steps().step({0}).steps[0].token);
  interrupt->cancel = &raised;
  CHECK_FAILS(search.steps().rate_end({0}), ErrorCode::kAborted);
  interrupt->cancel = nullptr;
  check_mended(search, text);
}

/// With which Gate::kRandom leaves out half of the steps: the first three, and not the fourth.
uint32_t seed_of_three_gated_steps() {
  for (uint32_t seed = 0;; ++seed) {
    std::mt19937_64 random(seed);
    int gated = 0;
    while (gated < 4 && uniform(random) < 0.5) ++gated;
    if (gated == 3) return seed;
  }
}

TEST("search: a failure while candidates are rated behind tokens that were left out leaves nothing of either") {
  const SearchSettings settings = search_settings(1);
  Search search(settings);
  search.steps().add(std::make_unique<Stop>(settings.context.interrupt));
  SlotSettings slot = gated(Gate::kRandom, 0.5);
  slot.seed = seed_of_three_gated_steps();
  search.begin(0, kPrompt, {kPrompt}, slot);
  std::vector<llama_token> text = kPrompt;
  for (int i = 0; i < 3; ++i) text.push_back(search.steps().step({0}).steps[0].token);
  CHECK_FAILS(search.steps().step({0}), ErrorCode::kAborted);
  settings.context.interrupt->cancel = nullptr;
  CHECK(search.begin(0, text, {text}, gated(Gate::kOff, 0)).rewards[0].cached == kPrompt.size());
}

TEST("search: gates are refused where they cannot be kept") {
  Search search(search_settings(1));
  SlotSettings settings = gated(Gate::kBound, 0);
  settings.select = Select::kStochastic;
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, settings), ErrorCode::kOptionInvalid);
  search.begin(0, kPrompt, {kPrompt}, gated(Gate::kBound, 0));
  CHECK_FAILS(search.steps().propose({0}), ErrorCode::kOptionInvalid);
  CHECK(search.steps().step({0}).steps.size() == 1);
}

}  // namespace
}  // namespace argsearch

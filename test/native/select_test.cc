#include "search/select/select.h"

#include <cmath>
#include <limits>

#include "check.h"

namespace argsearch {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::mt19937_64 generator(7);

TEST("select: greedy takes the best score, ties the more likely") {
  CHECK(select_candidate({1, 3, 2}, Select::kGreedy, 1, generator) == 1);
  CHECK(select_candidate({2, 2, 2}, Select::kGreedy, 1, generator) == 0);
  CHECK(select_candidate({1, 2, 2}, Select::kGreedy, 1, generator) == 1);
}

TEST("select: greedy draws nothing") {
  std::mt19937_64 used(3);
  select_candidate({1, 2}, Select::kGreedy, 1, used);
  CHECK(used == std::mt19937_64(3));
}

TEST("select: stochastic draws by softmax of score / temperature") {
  std::mt19937_64 random(5);
  const std::vector<double> scores = {0, std::log(3.0)};
  int second = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) second += select_candidate(scores, Select::kStochastic, 1, random) == 1;
  CHECK(std::abs(second / static_cast<double>(kDraws) - 0.75) < 0.015);
  second = 0;
  for (int i = 0; i < kDraws; ++i) second += select_candidate(scores, Select::kStochastic, 0.5, random) == 1;
  CHECK(std::abs(second / static_cast<double>(kDraws) - 0.9) < 0.015);
}

TEST("select: stochastic never draws what has no chance, and takes scores of any size") {
  std::mt19937_64 random(5);
  constexpr double kMost = std::numeric_limits<double>::max();
  for (int i = 0; i < 1000; ++i) {
    CHECK(select_candidate({-kInfinity, 1, -kInfinity}, Select::kStochastic, 1, random) == 1);
    CHECK(select_candidate({-kMost, kMost}, Select::kStochastic, 1, random) == 1);
    CHECK(select_candidate({5, 5 - 1e-6}, Select::kStochastic, 1e-12, random) == 0);
  }
}

TEST("select: interpolated and additive scores, clamped to finite numbers") {
  CHECK(combine_score(-2, 4, 0.25, Combine::kInterpolate) == -0.5);
  CHECK(combine_score(-2, 4, 0.25, Combine::kAdditive) == -1);
  constexpr double kMost = std::numeric_limits<double>::max();
  CHECK(combine_score(0, kMost, 2, Combine::kAdditive) == kMost);
  CHECK(combine_score(-kMost, -kMost, 1, Combine::kAdditive) == -kMost);
}

TEST("select: where all are banned, the first") {
  std::mt19937_64 random(5);
  CHECK(select_candidate({kBan, kBan}, Select::kGreedy, 1, random) == 0);
  CHECK(select_candidate({kBan, kBan}, Select::kStochastic, 1, random) == 0);
}

TEST("select: rewards are finite numbers or bans") {
  CHECK(are_rewards({1, -2, kBan}));
  CHECK(!are_rewards({1, kInfinity}));
  CHECK(!are_rewards({std::nan("")}));
}

SlotStep step_of(SlotState& state, std::vector<double> log_probs, std::vector<double> rewards) {
  SlotStep step;
  step.state = &state;
  step.candidates.tokens.assign(log_probs.size(), 0);
  step.candidates.ends.assign(log_probs.size(), false);
  step.open.assign(log_probs.size(), true);
  step.rated.assign(log_probs.size(), true);
  step.candidates.log_probs = std::move(log_probs);
  step.candidates.rewards = std::move(rewards);
  return step;
}

TEST("select: without rewards the log-probability is the score") {
  SlotState state;
  SlotStep step = step_of(state, {-1, -2}, {});
  select(step);
  CHECK(step.chosen == size_t{0});
  CHECK(step.candidates.scores == std::vector<double>({-1, -2}));
}

TEST("select: a reward can overrule the policy") {
  SlotState state;
  state.settings.weight = 0.5;
  SlotStep step = step_of(state, {-1, -2}, {0, 3});
  select(step);
  CHECK(step.chosen == size_t{1});
  CHECK(step.candidates.scores == std::vector<double>({-0.5, 0.5}));
}

TEST("select: where the policy decides the ending, an end is scored with the best reward of the others") {
  SlotState state;
  state.settings.weight = 0.5;
  state.settings.ending = Ending::kPolicy;
  SlotStep step = step_of(state, {-1, -2, -3}, {-9, 1, 4});
  step.candidates.ends[0] = true;
  select(step);
  CHECK(step.chosen == size_t{0});
  CHECK(step.candidates.scores == std::vector<double>({1.5, -0.5, 0.5}));
  CHECK(step.candidates.rewards[0] == -9);
  // What is closed lends nothing.
  step.open[2] = false;
  select(step);
  CHECK(step.candidates.scores[0] == 0);
}

TEST("select: among ends alone the policy decides, whatever their rewards") {
  SlotState state;
  state.settings.weight = 0.9;
  state.settings.ending = Ending::kPolicy;
  SlotStep step = step_of(state, {-1, -2}, {-9, 9});
  step.candidates.ends = {true, true};
  select(step);
  CHECK(step.chosen == size_t{0});
  state.settings.ending = Ending::kReward;
  select(step);
  CHECK(step.chosen == size_t{1});
}

TEST("select: what is closed cannot win") {
  SlotState state;
  state.settings.weight = 0.5;
  SlotStep step = step_of(state, {-1, -2, -3}, {0, 9, 0});
  step.open[1] = false;
  select(step);
  CHECK(step.chosen == size_t{0});
  CHECK(step.candidates.scores[1] == -kInfinity);
}

}  // namespace
}  // namespace argsearch

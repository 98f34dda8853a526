#include "search/reward/waves.h"

#include "check.h"

namespace argsearch {
namespace {

/// A step whose slots have these many candidates, none rated.
Step step_of(const std::vector<std::pair<size_t, size_t>>& slots) {
  Step step;
  for (const auto& [slot, k] : slots) {
    SlotStep one;
    one.slot = slot;
    one.candidates.tokens.assign(k, 0);
    one.open.assign(k, true);
    one.rated.assign(k, false);
    step.push_back(std::move(one));
  }
  return step;
}

struct Found {
  size_t context;
  std::vector<std::pair<size_t, size_t>> parts;  // slot, candidates
  bool operator==(const Found& other) const { return context == other.context && parts == other.parts; }
};

/// Takes waves to the end, as the search does.
std::vector<Found> all_waves(Step& step, const WaveLayout& layout) {
  std::vector<Found> waves;
  for (;;) {
    const std::vector<Wave> next = next_waves(whole(step), layout);
    if (next.empty()) return waves;
    for (const Wave& wave : next) {
      Found found{wave.context, {}};
      for (const Wave::Part& part : wave.parts) {
        found.parts.emplace_back(part.slot->slot, part.ranks.size());
        for (const size_t rank : part.ranks) part.slot->rated[rank] = true;
      }
      waves.push_back(std::move(found));
    }
    CHECK(waves.size() < 100);
  }
}

using Waves = std::vector<Found>;

TEST("waves: all slots of a context at once while they fit") {
  Step step = step_of({{0, 10}, {1, 10}, {2, 10}});
  CHECK(all_waves(step, {16, {40}}) == Waves({{0, {{0, 10}, {1, 10}, {2, 10}}}}));
}

TEST("waves: the last wave of a context is the full one") {
  Step step = step_of({{0, 10}, {1, 10}, {2, 10}, {3, 10}, {4, 10}});
  CHECK(all_waves(step, {16, {40}}) == Waves({{0, {{0, 10}}}, {0, {{1, 10}, {2, 10}, {3, 10}, {4, 10}}}}));
}

TEST("waves: contexts do not mix, and come at once") {
  Step step = step_of({{0, 10}, {1, 10}, {16, 10}, {17, 10}});
  CHECK(next_waves(whole(step), {16, {40, 40}}).size() == 2);
  CHECK(all_waves(step, {16, {40, 40}}) == Waves({{0, {{0, 10}, {1, 10}}}, {1, {{16, 10}, {17, 10}}}}));
}

TEST("waves: a context that needs several does not wait for one that needs none") {
  Step step = step_of({{0, 60}, {1, 10}, {2, 10}});
  CHECK(all_waves(step, {1, {40, 40, 40}}) == Waves({{0, {{0, 40}}}, {1, {{1, 10}}}, {2, {{2, 10}}}, {0, {{0, 20}}}}));
}

TEST("waves: a slot with more candidates than fit comes in pieces, alone") {
  Step step = step_of({{0, 100}, {1, 10}});
  CHECK(all_waves(step, {16, {40}}) == Waves({{0, {{0, 40}}}, {0, {{0, 40}}}, {0, {{0, 20}}}, {0, {{1, 10}}}}));
}

TEST("waves: a piece is whole only when it is all of a slot") {
  Step step = step_of({{0, 41}});
  std::vector<Wave> waves = next_waves(whole(step), {1, {40}});
  CHECK(!waves[0].parts[0].whole);
  for (const size_t rank : waves[0].parts[0].ranks) step[0].rated[rank] = true;
  waves = next_waves(whole(step), {1, {40}});
  CHECK(waves[0].parts[0].ranks == std::vector<size_t>({40}));
  CHECK(!waves[0].parts[0].whole);
  Step fits = step_of({{0, 40}});
  CHECK(next_waves(whole(fits), {1, {40}})[0].parts[0].whole);
}

TEST("waves: what is closed is not rated") {
  Step step = step_of({{0, 4}, {1, 4}});
  step[0].open = {true, false, true, false};
  step[1].open = {false, false, false, false};
  const std::vector<Wave> waves = next_waves(whole(step), {16, {40}});
  CHECK(waves.size() == 1);
  CHECK(waves[0].parts.size() == 1);
  CHECK(waves[0].parts[0].ranks == std::vector<size_t>({0, 2}));
}

TEST("waves: none for no slots") {
  Step step;
  CHECK(next_waves(whole(step), {16, {40}}).empty());
}

}  // namespace
}  // namespace argsearch

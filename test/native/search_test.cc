#include "search/search.h"

#include <cmath>

#include "bounds.h"
#include "check.h"
#include "embedded_search.h"
#include "error.h"

namespace argsearch {
namespace {

using test::kPrompt;
using test::search_settings;

/// Closes all but one rank.
class Only : public Narrower {
 public:
  Only(size_t rank, int& asked) : rank_(rank), asked_(asked) {}
  void narrow(Step& step) override {
    ++asked_;
    for (SlotStep& slot : step) {
      for (size_t rank = 0; rank < slot.open.size(); ++rank) slot.open[rank] = rank == rank_;
    }
  }

 private:
  size_t rank_;
  int& asked_;
};

TEST("search: a narrower decides what is rated, and what may win") {
  Search search(search_settings(1));
  int asked = 0;
  search.steps().add(std::make_unique<Only>(3, asked));
  SlotSettings slot;
  slot.keep_candidates = true;
  search.begin(0, kPrompt, {kPrompt}, slot);
  const StepBatch batch = search.steps().step({0});
  CHECK(asked > 0);
  CHECK(batch.steps[0].rank == 3);
  CHECK(search.counters().reward_tokens == 1);
  const StepBatch next = search.steps().step({0});
  CHECK(next.steps[0].rank == 3);
}

TEST("search: what a narrower leaves open has the rewards that it has without one") {
  Search plain(search_settings(1));
  Search narrowed(search_settings(1));
  int asked = 0;
  narrowed.steps().add(std::make_unique<Only>(2, asked));
  SlotSettings slot;
  slot.keep_candidates = true;
  for (Search* search : {&plain, &narrowed}) search->begin(0, kPrompt, {kPrompt}, slot);
  const Candidates all = *plain.steps().step({0}).steps[0].candidates;
  const StepResult one = narrowed.steps().step({0}).steps[0];
  CHECK(one.token == all.tokens[2]);
  CHECK(std::abs(*one.reward - all.rewards[2]) < 0.05 * (1 + std::abs(all.rewards[2])));
}

TEST("search: without a reward model there is no reward") {
  SearchSettings settings = search_settings(1);
  settings.rewards.clear();
  Search search(settings);
  search.begin(0, kPrompt, {}, SlotSettings{});
  const StepBatch batch = search.steps().step({0});
  CHECK(!batch.steps[0].reward);
  CHECK(batch.steps[0].rank == 0);
  CHECK(batch.steps[0].objectives.empty());
}

TEST("search: a slot without rewards leaves the reward model, and what it holds of the slot, alone") {
  Search search(search_settings(2));
  const std::vector<llama_token> other = {9, 8, 7};
  SlotSettings unrated;
  unrated.rewards = false;
  search.begin(0, kPrompt, {kPrompt}, SlotSettings{});
  search.begin(1, kPrompt, {kPrompt}, SlotSettings{});
  CHECK_FAILS(search.begin(0, other, {other}, unrated), ErrorCode::kOptionInvalid);
  CHECK(search.begin(0, other, {}, unrated).rewards.empty());
  const uint64_t before = search.counters().reward_tokens;
  const StepBatch batch = search.steps().step({0, 1});
  CHECK(batch.steps.size() == 2);
  CHECK(!batch.steps[0].reward && batch.steps[0].objectives.empty());
  CHECK(batch.steps[1].reward && batch.steps[1].objectives.size() == 1);
  CHECK(search.counters().reward_tokens - before == 10);
  const BeginResult again = search.begin(0, kPrompt, {kPrompt}, SlotSettings{});
  CHECK(again.rewards[0].cached == kPrompt.size() && again.rewards[0].decoded == 0);
  unrated.method = Method::kBlocks;
  CHECK_FAILS(search.begin(0, kPrompt, {}, unrated), ErrorCode::kOptionInvalid);
}

TEST("search: phases are kept, also when a commit is refused") {
  Search search(search_settings(2));
  search.begin(0, kPrompt, {kPrompt}, SlotSettings{});
  CHECK_FAILS(search.steps().step({0, 1}), ErrorCode::kBusy);
  CHECK_FAILS(search.steps().step({0, 0}), ErrorCode::kOptionInvalid);
  const StepBatch proposed = search.steps().propose({0});
  CHECK_FAILS(search.steps().step({0}), ErrorCode::kBusy);
  CHECK_FAILS(search.steps().commit({0}, {{1, 2}}), ErrorCode::kOptionInvalid);
  const size_t k = proposed.steps[0].candidates->size();
  std::vector<double> rewards(k, 0);
  rewards[k - 1] = 1000;
  CHECK(search.steps().commit({0}, {rewards}).steps[0].rank == k - 1);
  CHECK(search.steps().step({0}).steps.size() == 1);
}

TEST("limits: sequences follow slots, candidates and the vocabulary") {
  CHECK(reward_sequences(1, 32000, 1, 256, 0) == 41);
  CHECK(reward_sequences(16, 32000, 1, 256, 0) == 256);
  CHECK(reward_sequences(16, 152000, 1, 256, 0) == 110);
  CHECK(reward_sequences(16, 152000, 8, 256, 0) == 55);
  CHECK(reward_sequences(1, 152000, 1, 256, 0) == 41);
  CHECK(reward_sequences(16, 1u << 24, 8, 256, 0) == 16 + kLeastBranches);
  CHECK(reward_sequences(1, 32000, 1, 256, kStateBytes / 20) == 20);
  CHECK(reward_sequences(16, 32000, 2, 256, kStateBytes / 20) == 16 + kLeastStates);
  CHECK(text_sequences(16, kStateBytes / 4) == 4 && text_sequences(16, 2 * kStateBytes) == 1);
}

}  // namespace
}  // namespace argsearch

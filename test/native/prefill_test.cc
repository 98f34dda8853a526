#include <atomic>

#include "check.h"
#include "embedded_search.h"
#include "error.h"

namespace argsearch {
namespace {

using test::kPrompt;
using test::search_settings;

using Tokens = std::vector<llama_token>;

const Tokens kLong = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

SearchSettings exact(uint32_t slots) {
  SearchSettings settings = search_settings(slots);
  settings.context.kv_type = KvType::kF32;
  return settings;
}

/// Tokens of a slot's next steps.
Tokens go_on(Search& search, size_t slot, size_t steps = 5) {
  Tokens tokens;
  for (size_t i = 0; i < steps; ++i) tokens.push_back(search.steps().step({slot}).steps[0].token);
  return tokens;
}

TEST("prefill: a prompt in parts reads as one decoded whole, whatever other slots do in between") {
  Search whole(exact(1));
  const BeginResult wanted = whole.begin(0, kLong, {kLong}, SlotSettings{});
  CHECK(wanted.done && wanted.policy.decoded == 11 && wanted.rewards[0].decoded == 12);
  const Tokens tokens = go_on(whole, 0);
  for (const size_t part : {1u, 4u, 11u, 22u}) {
    Search search(exact(2));
    const Tokens other = {30, 31, 32};
    search.begin(1, other, {other}, SlotSettings{});
    size_t parts = 1;
    BeginResult result = search.begin(0, kLong, {kLong}, SlotSettings{}, part);
    for (; !result.done; ++parts) {
      CHECK_FAILS(search.steps().step({0}), ErrorCode::kBusy);
      search.steps().step({1});
      result = search.prefill(0, part);
    }
    CHECK(parts == (23 + part - 1) / part);
    CHECK(result.policy.decoded == 11 && result.policy.cached == 0 && result.policy.left == 0);
    CHECK(result.rewards[0].decoded == 12 && result.rewards[0].cached == 0);
    CHECK(search.counters().policy_prefill_tokens == 11 + other.size() - 1);
    CHECK_FAILS(search.prefill(0, part), ErrorCode::kBusy);
    CHECK(go_on(search, 0) == tokens);
  }
}

TEST("prefill: what is cached or shared is counted once") {
  Search search(exact(2));
  search.begin(0, kLong, {kLong}, SlotSettings{});
  Tokens next(kLong.begin(), kLong.begin() + 6);
  for (llama_token token = 20; token < 26; ++token) next.push_back(token);
  BeginResult result = search.begin(1, next, {next}, SlotSettings{}, 2);
  while (!result.done) result = search.prefill(1, 2);
  for (const PrefillCount& count : {result.policy, result.rewards[0]}) CHECK(count.cached == 6 && count.shared == 6);
  CHECK(result.policy.decoded == 5 && result.rewards[0].decoded == 6);
  CHECK(search.counters().policy_shared_tokens == 6 && search.counters().reward_shared_tokens == 6);
  result = search.begin(1, next, {next}, SlotSettings{}, 1);
  CHECK(result.done && result.policy.cached == 11 && result.policy.decoded == 0 && result.rewards[0].cached == 12);
}

TEST("prefill: what was copied from another context goes on like what was decoded") {
  const Tokens next = {kLong[0], kLong[1], kLong[2], kLong[3], 20, 21};
  Search alone(exact(1));
  alone.begin(0, next, {next}, SlotSettings{});
  Search search(exact(2));
  search.begin(0, kLong, {kLong}, SlotSettings{});
  search.steps().step({0});
  search.begin(1, next, {next}, SlotSettings{});
  CHECK(search.counters().reward_shared_tokens == 4);
  CHECK(go_on(search, 1) == go_on(alone, 0));
}

TEST("prefill: where a part fails the slot begins anew, with what was decoded before it") {
  for (const size_t parts : {1u, 4u}) {
    const SearchSettings settings = exact(1);
    Search search(settings);
    search.begin(0, kLong, {kLong}, SlotSettings{}, 4);
    for (size_t i = 1; i < parts; ++i) search.prefill(0, 4);
    const std::atomic<bool> cancelled{true};
    settings.context.interrupt->cancel = &cancelled;
    CHECK_FAILS(search.prefill(0, 4), ErrorCode::kAborted);
    settings.context.interrupt->cancel = nullptr;
    CHECK_FAILS(search.prefill(0, 4), ErrorCode::kBusy);
    CHECK_FAILS(search.steps().step({0}), ErrorCode::kBusy);
    const BeginResult result = search.begin(0, kLong, {kLong}, SlotSettings{});
    CHECK(result.policy.cached + result.rewards[0].cached == 4 * parts);
    Search fresh(exact(1));
    fresh.begin(0, kLong, {kLong}, SlotSettings{});
    CHECK(go_on(search, 0) == go_on(fresh, 0));
  }
}

TEST("prefill: clear(), or another prompt, takes the place of one that is under way") {
  Search search(exact(1));
  search.begin(0, kLong, {kLong}, SlotSettings{}, 4);
  CHECK(search.begin(0, kPrompt, {kPrompt}, SlotSettings{}).done);
  CHECK_FAILS(search.prefill(0, 4), ErrorCode::kBusy);
  search.begin(0, kLong, {kLong}, SlotSettings{}, 4);
  search.clear(0);
  CHECK_FAILS(search.prefill(0, 4), ErrorCode::kBusy);
  CHECK(search.begin(0, kLong, {kLong}, SlotSettings{}).policy.cached == 0);
}

}  // namespace
}  // namespace argsearch

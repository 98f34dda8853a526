#include "search/blocks/blocks.h"

#include <atomic>
#include <cmath>

#include "bounds.h"
#include "check.h"
#include "context/runs.h"
#include "embedded_search.h"
#include "search/blocks/draw_token.h"

namespace argsearch {
namespace {

using test::kPrompt;
using test::search_settings;

SlotSettings blocks_of(size_t drafts) {
  SlotSettings settings;
  settings.method = Method::kBlocks;
  settings.top_k = 0;
  settings.ending = Ending::kNever;
  settings.blocks.drafts = drafts;
  settings.blocks.kept = drafts;
  return settings;
}

std::vector<DraftResult> drafts_of(Search& search, size_t slot, size_t tokens) {
  for (;;) {
    DraftBatch batch = search.blocks().draft({slot}, {tokens});
    if (!batch.slots[0].drafts.empty()) return std::move(batch.slots[0].drafts);
  }
}

TEST("blocks: a slot takes blocks or steps, each in its order") {
  Search search(search_settings(2));
  search.begin(0, kPrompt, {kPrompt}, blocks_of(2));
  search.begin(1, kPrompt, {kPrompt}, SlotSettings{});
  CHECK_FAILS(search.steps().step({0}), ErrorCode::kBusy);
  CHECK_FAILS(search.blocks().draft({1}, {4}), ErrorCode::kBusy);
  CHECK_FAILS(search.blocks().keep({0}, {{}}), ErrorCode::kBusy);
  CHECK_FAILS(search.blocks().draft({0, 0}, {4, 4}), ErrorCode::kOptionInvalid);
  CHECK_FAILS(search.blocks().draft({2}, {4}), ErrorCode::kOptionInvalid);
  CHECK(drafts_of(search, 0, 4).size() == 2);
  CHECK_FAILS(search.blocks().draft({0}, {4}), ErrorCode::kBusy);
  CHECK_FAILS(search.blocks().keep({0}, {{1.0}}), ErrorCode::kOptionInvalid);
  const KeepBatch kept = search.blocks().keep({0}, {{1.0, 2.0}});
  CHECK(kept.slots[0].steps.size() == 4);
  CHECK(kept.slots[0].steps[0].rank == 1);
  CHECK(kept.slots[0].steps[3].score == 2.0);
  CHECK(search.steps().step({1}).steps.size() == 1);
}

TEST("blocks: one that was left is forgotten by the next begin()") {
  Search search(search_settings(1));
  search.begin(0, kPrompt, {kPrompt}, blocks_of(3));
  const std::vector<DraftResult> whole = drafts_of(search, 0, 6);
  search.begin(0, kPrompt, {kPrompt}, blocks_of(3));
  search.blocks().draft({0}, {6});
  search.blocks().draft({0}, {6});
  search.begin(0, kPrompt, {kPrompt}, blocks_of(3));
  const std::vector<DraftResult> again = drafts_of(search, 0, 6);
  for (size_t draft = 0; draft < 3; ++draft) CHECK(again[draft].tokens == whole[draft].tokens);
}

TEST("blocks: what ends a call in the middle ends the slots' responses, not the search") {
  const SearchSettings settings = search_settings(2);
  Search search(settings);
  for (const size_t slot : {0, 1}) search.begin(slot, kPrompt, {kPrompt}, blocks_of(3));
  search.blocks().draft({0, 1}, {6, 6});
  const std::atomic<bool> raised{true};
  settings.context.interrupt->cancel = &raised;
  CHECK_FAILS(search.blocks().draft({0}, {6}), ErrorCode::kAborted);
  settings.context.interrupt->cancel = nullptr;
  CHECK_FAILS(search.blocks().draft({0}, {6}), ErrorCode::kBusy);
  CHECK(drafts_of(search, 1, 6).size() == 3);
  search.begin(0, kPrompt, {kPrompt}, blocks_of(3));
  CHECK(drafts_of(search, 0, 6).size() == 3);
}

TEST("blocks: a block is as long as the context has room") {
  Search search(search_settings(1));
  search.begin(0, std::vector<llama_token>(61, 5), {std::vector<llama_token>(50, 5)}, blocks_of(2));
  for (const DraftResult& draft : drafts_of(search, 0, 16)) CHECK(draft.tokens.size() == 4);
  search.blocks().keep({0}, {{}});
  CHECK_FAILS(search.blocks().draft({0}, {16}), ErrorCode::kPromptTooLong);
}

TEST("blocks: a draft's tokens do not depend on how many others there are") {
  Search search(search_settings(1));
  search.begin(0, kPrompt, {kPrompt}, blocks_of(2));
  const std::vector<DraftResult> few = drafts_of(search, 0, 5);
  search.begin(0, kPrompt, {kPrompt}, blocks_of(6));
  const std::vector<DraftResult> many = drafts_of(search, 0, 5);
  for (size_t draft = 0; draft < 2; ++draft) CHECK(few[draft].tokens == many[draft].tokens);
  CHECK(draft_seed(7, 0, 1) != draft_seed(7, 1, 0));
}

TEST("blocks: samplers that leave nothing fail their slot alone") {
  Search search(search_settings(2));
  SlotSettings banned = blocks_of(2);
  for (llama_token token = 0; token < search.blocks().policy_model().n_vocab(); ++token) {
    banned.samplers.logit_bias.push_back({token, -INFINITY});
  }
  search.begin(0, kPrompt, {kPrompt}, banned);
  search.begin(1, kPrompt, {kPrompt}, blocks_of(2));
  const DraftBatch batch = search.blocks().draft({0, 1}, {4, 4});
  CHECK(batch.failed.size() == 1);
  CHECK(batch.failed[0].slot == 0);
  CHECK(batch.failed[0].error.code() == ErrorCode::kSamplersLeaveNothing);
  CHECK(drafts_of(search, 1, 4).size() == 2);
}

TEST("runs: as few batches as tokens and outputs allow") {
  const std::vector<Run> runs = {{0, 5, {1, 2, 3}, {2}}, {1, 0, {4}, {0}}, {2, 7, {6, 7}, {0, 1}}};
  const auto batches_of = [&](RunLimits limits, std::vector<std::pair<size_t, size_t>>& read) {
    std::vector<std::pair<size_t, size_t>> batches;
    decode_runs(
        runs, limits,
        [&](Batch& batch, const OnRow& on_row) {
          batches.emplace_back(batch.size(), batch.outputs());
          for (size_t row = 0; row < batch.outputs(); ++row) on_row(row, nullptr);
        },
        [&](size_t run, size_t token, const float*) { read.emplace_back(run, token); });
    return batches;
  };
  using Pairs = std::vector<std::pair<size_t, size_t>>;
  const Pairs all = {{0, 2}, {1, 0}, {2, 0}, {2, 1}};
  for (const auto& [limits, expected] :
       std::vector<std::pair<RunLimits, Pairs>>{{{8, 8}, {{6, 4}}},
                                                {{4, 8}, {{4, 2}, {2, 2}}},
                                                {{8, 3}, {{5, 3}, {1, 1}}},
                                                {{2, 1}, {{2, 0}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}}}) {
    Pairs read;
    CHECK(batches_of(limits, read) == expected);
    CHECK(read == all);
  }
}

TEST("limits: the policy's sequences follow slots and the vocabulary") {
  CHECK(policy_sequences(1, 32000, 1, 256, 0) == 17);
  CHECK(policy_sequences(4, 32000, 1, 256, 0) == 68);
  CHECK(policy_sequences(16, 32000, 1, 256, 0) == 256);
  CHECK(policy_sequences(16, 32000, 8, 256, 0) == 48);
  CHECK(policy_sequences(1, 1000000, 1, 256, 0) == 9);
  CHECK(policy_sequences(16, 1000000, 8, 256, 0) == 32);
  CHECK(policy_sequences(1, 32000, 1, 256, kDraftStateBytes / 3) == 4);
  CHECK(policy_sequences(4, 32000, 1, 256, kDraftStateBytes / 3) == 4);
  CHECK(drafts_at_once(16, 1, 100, 16) == 6);
  CHECK(drafts_at_once(16, 4, 100, 1) == 4);
  CHECK(drafts_at_once(2, 4, 0, 0) == 1);
}

}  // namespace
}  // namespace argsearch

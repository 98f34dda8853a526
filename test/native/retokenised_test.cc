#include <atomic>
#include <cmath>

#include "check.h"
#include "embedded_search.h"
#include "error.h"
#include "model/continuation.h"
#include "model/whole_text.h"
#include "search/reward/retokeniser.h"

namespace argsearch {
namespace {

using test::kPrompt;
using test::search_settings;

const std::string kSign = "\xef\xbf\xbd";

TEST("whole text: a character that lacks bytes waits; what is no UTF-8 becomes U+FFFD") {
  const auto is = [](const std::string& bytes, const std::string& text, const std::string& rest) {
    const WholeText found = whole_text(bytes);
    return found.text == text && found.rest == rest;
  };
  CHECK(is("", "", ""));
  CHECK(is("ab\xe6\x97\xa5", "ab\xe6\x97\xa5", ""));
  CHECK(is("ab\xe6\x97", "ab", "\xe6\x97"));
  CHECK(is("\xf0\x9f\x98", "", "\xf0\x9f\x98"));
  CHECK(is("\xf0\x9f\x98\x80!", "\xf0\x9f\x98\x80!", ""));
  CHECK(is("\xa5x", kSign + "x", ""));
  CHECK(is("\xe6\x97x", kSign + "x", ""));
  CHECK(is("\xff\xe6", kSign, "\xe6"));
  // Overlong, a surrogate, beyond the last code point: each byte that cannot follow is one of its own.
  CHECK(is("\xc0\x80", kSign + kSign, ""));
  CHECK(is("\xed\xa0\x80", kSign + kSign + kSign, ""));
  CHECK(is("\xf4\x90\x80\x80", kSign + kSign + kSign + kSign, ""));
  CHECK(ended_text("a\xf0\x9f\x98") == "a" + kSign);
}

TEST("continuation: tokens write the text, and nothing before it") {
  const auto model = test::load_model();
  const Continuation continuation(model->vocabulary());
  for (const std::string text : {"a", " a", "  ", "\n", "Hello there", " the end.", "x y  z"}) {
    CHECK(continuation.text_of(continuation.tokens(text)) == text);
  }
}

TEST("retokeniser: how many tokens are read by the end of each of the policy's") {
  const auto model = test::load_model();
  const Vocabulary& vocabulary = model->vocabulary();
  Retokeniser retokeniser(vocabulary, vocabulary);
  const std::vector<llama_token> tokens = Continuation(vocabulary).tokens(" the cat sat");
  const Retokenised same = retokeniser.whole({}, tokens, {});
  CHECK(same.tokens == tokens);
  for (size_t i = 0; i < tokens.size(); ++i) CHECK(same.read_by[i] == i + 1);
  // Two letters apart where the text makes one token: the first ends inside of it.
  const std::string word = vocabulary.piece(tokens[0], /*special=*/false);
  CHECK(word.size() > 2);
  std::vector<llama_token> letters;
  for (const char letter : word) letters.push_back(Continuation(vocabulary).tokens(std::string(1, letter))[0]);
  const Retokenised merged = retokeniser.whole({}, letters, {});
  CHECK(merged.tokens == std::vector<llama_token>{tokens[0]});
  CHECK(merged.read_by.front() == 0 && merged.read_by[word.size() - 2] == 0 && merged.read_by.back() == 1);
  std::vector<llama_token> apart;
  ResponseText response;
  for (const llama_token letter : letters) {
    const std::vector<llama_token> own = retokeniser.apart(response, letter, {});
    apart.insert(apart.end(), own.begin(), own.end());
    response = retokeniser.with(response, letter);
  }
  CHECK(apart == letters && response.text == word);
}

/// The model of the tests as its own reward model, which reads text.
SearchSettings read_as_text(uint32_t slots) {
  SearchSettings settings = search_settings(slots);
  settings.rewards[0].writer = settings.policy;
  return settings;
}

SlotSettings with_candidates(size_t top_k) {
  SlotSettings slot;
  slot.top_k = top_k;
  slot.keep_candidates = true;
  slot.ending = Ending::kNever;
  return slot;
}

bool is_near(double a, double b) { return std::abs(a - b) < 0.05 * (1 + std::abs(b)); }

TEST("retokenised: the same vocabulary gives the rewards that its tokens have") {
  Search plain(search_settings(1));
  const SearchSettings settings = read_as_text(1);
  Search text(settings);
  const Vocabulary& vocabulary = settings.policy->vocabulary();
  Retokeniser retokeniser(vocabulary, vocabulary);
  // Several waves of one slot, of which only the last keeps its branches.
  size_t same = 0;
  for (const size_t top_k : {size_t{10}, size_t{60}}) {
    for (Search* search : {&plain, &text}) search->begin(0, kPrompt, {kPrompt}, with_candidates(top_k));
    for (int step = 0; step < 6; ++step) {
      const StepResult one = plain.steps().step({0}).steps[0];
      const StepResult other = text.steps().step({0}).steps[0];
      for (size_t rank = 0; rank < top_k; ++rank) {
        const llama_token token = one.candidates->tokens[rank];
        if (retokeniser.apart({}, token, {}) != std::vector<llama_token>{token}) continue;
        CHECK(is_near(other.candidates->rewards[rank], one.candidates->rewards[rank]));
        ++same;
      }
      if (one.token != other.token || retokeniser.apart({}, one.token, {}).size() != 1) break;
    }
  }
  CHECK(same > 70);
}

TEST("retokenised: an end reads what it is given, and nothing leaves the reward of the text before") {
  const SearchSettings settings = read_as_text(1);
  const Vocabulary& vocabulary = settings.policy->vocabulary();
  const llama_token end = engine().llama_vocab_eos(vocabulary.handle());
  const auto reward_of_end = [&](const std::vector<std::vector<llama_token>>& ends) {
    Search search(settings);
    SlotSettings slot = with_candidates(static_cast<size_t>(vocabulary.size()));
    slot.ending = Ending::kReward;
    slot.reward_ends = ends;
    search.begin(0, kPrompt, {kPrompt}, slot);
    const Candidates found = *search.steps().step({0}).steps[0].candidates;
    for (size_t rank = 0; rank < found.size(); ++rank) {
      if (found.tokens[rank] == end) return found.rewards[rank];
    }
    return std::nan("");
  };
  Search plain(search_settings(1));
  SlotSettings slot = with_candidates(static_cast<size_t>(vocabulary.size()));
  slot.ending = Ending::kReward;
  plain.begin(0, kPrompt, {kPrompt}, slot);
  const Candidates all = *plain.steps().step({0}).steps[0].candidates;
  double wanted = std::nan("");
  for (size_t rank = 0; rank < all.size(); ++rank) {
    if (all.tokens[rank] == end) wanted = all.rewards[rank];
  }
  CHECK(is_near(reward_of_end({{end}}), wanted));
  std::vector<llama_token> shorter = kPrompt;
  shorter.pop_back();
  plain.begin(0, shorter, {shorter}, slot);
  const Candidates before = *plain.steps().step({0}).steps[0].candidates;
  for (size_t rank = 0; rank < before.size(); ++rank) {
    if (before.tokens[rank] == kPrompt.back()) CHECK(is_near(reward_of_end({}), before.rewards[rank]));
  }
  Search search(settings);
  slot.reward_ends = {{end}, {end}};
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, slot), ErrorCode::kOptionInvalid);
  slot.reward_ends = {{vocabulary.size()}};
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, slot), ErrorCode::kOptionInvalid);
}

TEST("retokenised: no predicted gate, no lookahead, no rewards of tokens") {
  Search search(read_as_text(1));
  SlotSettings slot;
  slot.gate.gate = Gate::kPredicted;
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, slot), ErrorCode::kOptionInvalid);
  slot.gate.gate = Gate::kOff;
  slot.lookahead = {4, /*adapts=*/false, 100};
  CHECK_FAILS(search.begin(0, kPrompt, {kPrompt}, slot), ErrorCode::kOptionInvalid);
  slot.lookahead.adapts = true;
  search.begin(0, kPrompt, {kPrompt}, slot);
  for (int step = 0; step < 8; ++step) CHECK(search.steps().step({0}).steps.size() == 1);
  SearchSettings settings = read_as_text(1);
  settings.rewards[0].kind = RewardKind::kLogProb;
  CHECK_FAILS(Search(settings), ErrorCode::kOptionInvalid);
}

TEST("retokenised: a slot that is full says so, and the next step fails") {
  SearchSettings settings = read_as_text(1);
  settings.context_size = 16;
  Search search(settings);
  search.begin(0, kPrompt, {kPrompt}, with_candidates(10));
  StepResult last;
  for (int step = 0; step < 16 && !last.full; ++step) last = search.steps().step({0}).steps[0];
  CHECK(last.full);
  CHECK_FAILS(search.steps().step({0}), ErrorCode::kPromptTooLong);
}

TEST("retokenised: a step that was aborted leaves the search usable") {
  const SearchSettings settings = read_as_text(2);
  Search search(settings);
  for (const size_t slot : {0, 1}) search.begin(slot, kPrompt, {kPrompt}, with_candidates(10));
  const StepBatch first = search.steps().step({0, 1});
  const std::atomic<bool> raised{true};
  settings.context.interrupt->cancel = &raised;
  CHECK_FAILS(search.steps().step({0}), ErrorCode::kAborted);
  settings.context.interrupt->cancel = nullptr;
  CHECK(search.steps().step({1}).steps.size() == 1);
  search.begin(0, kPrompt, {kPrompt}, with_candidates(10));
  CHECK(search.steps().step({0}).steps[0].token == first.steps[0].token);
}

}  // namespace
}  // namespace argsearch

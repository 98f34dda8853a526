#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "check.h"
#include "embedded.h"
#include "search/propose/draw.h"
#include "search/propose/sampled_top_k.h"
#include "search/propose/sampler_factory.h"
#include "search/propose/top_k.h"

namespace argsearch {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

const Excluded kNone;

Candidates top(const std::vector<float>& logits, size_t k, const Excluded& excluded = kNone) {
  return TopK(k, excluded).propose(logits.data(), logits.size());
}

/// The embedded policy's, for logits of a few tokens.
const Vocabulary& vocabulary() {
  static const std::shared_ptr<const Model> model = test::load_model();
  return model->vocabulary();
}

SamplerFactory& factory() {
  static SamplerFactory samplers(vocabulary());
  return samplers;
}

SlotSettings drawing(size_t top_k, float top_p, double temperature, uint32_t seed) {
  SlotSettings settings;
  settings.method = Method::kSample;
  settings.top_k = top_k;
  settings.temperature = temperature;
  settings.seed = seed;
  settings.samplers.top_p = top_p;
  return settings;
}

Candidates draw(const std::vector<float>& logits, const SlotSettings& settings, const Excluded& excluded = kNone) {
  return Draw(factory().chain(settings), excluded).propose(logits.data(), logits.size());
}

/// One token in seven.
Excluded excluding(size_t n_vocab, std::mt19937& random) {
  Excluded excluded(n_vocab);
  for (size_t i = 0; i < n_vocab; ++i) excluded[i] = random() % 7 == 0;
  return excluded;
}

/// The policy's samplers, then the k most likely.
Candidates sampled(const std::vector<float>& logits, size_t k, const SamplerSettings& samplers,
                   const std::vector<llama_token>& taken = {}, const Excluded& excluded = kNone) {
  SlotSettings settings;
  settings.samplers = samplers;
  SampledTopK proposer(k, factory().chain(settings), excluded);
  for (const llama_token token : taken) proposer.accept(token);
  return proposer.propose(logits.data(), logits.size());
}

bool near(double a, double b) { return std::abs(a - b) < 1e-5; }

TEST("top-k: descending, with log-probabilities over the whole vocabulary") {
  const Candidates found = top({1, 3, 2, 0}, 2);
  CHECK(found.tokens == std::vector<llama_token>({1, 2}));
  const double norm = std::log(std::exp(1.0) + std::exp(3.0) + std::exp(2.0) + std::exp(0.0));
  CHECK(std::abs(found.log_probs[0] - (3 - norm)) < 1e-6);
  CHECK(std::abs(found.log_probs[1] - (2 - norm)) < 1e-6);
}

TEST("top-k: ties go to the lower id, at the border of k too") {
  CHECK(top({5, 7, 7, 7, 5}, 2).tokens == std::vector<llama_token>({1, 2}));
  CHECK(top({5, 5, 5, 5}, 3).tokens == std::vector<llama_token>({0, 1, 2}));
  CHECK(top({1, 2, 2, 9, 2}, 3).tokens == std::vector<llama_token>({3, 1, 2}));
}

TEST("top-k: of a large vocabulary the same as of sorting it, with ties and what has no probability") {
  std::mt19937 random(3);
  for (const size_t size : {100u, 1000u, 1023u, 5000u}) {
    std::vector<float> logits(size);
    for (float& logit : logits) logit = random() % 20 == 0 ? -kInfinity : static_cast<float>(random() % (size / 4));
    const Excluded excluded = excluding(size, random);
    std::vector<llama_token> sorted;
    for (size_t i = 0; i < size; ++i) {
      if (!excluded[i] && logits[i] > -kInfinity) sorted.push_back(static_cast<llama_token>(i));
    }
    std::stable_sort(sorted.begin(), sorted.end(), [&](llama_token a, llama_token b) { return logits[a] > logits[b]; });
    for (const size_t k : {1u, 10u, 64u, 99u}) {
      const std::vector<llama_token> wanted(sorted.begin(), sorted.begin() + std::min(k, sorted.size()));
      CHECK(top(logits, k, excluded).tokens == wanted);
    }
  }
}

TEST("top-k: k above the vocabulary gives all of it") {
  CHECK(top({1, 3, 2}, 100).tokens == std::vector<llama_token>({1, 2, 0}));
  CHECK(top({4}, 1).log_probs[0] == 0);
}

TEST("top-k: what has no probability is no candidate") {
  CHECK(top({-kInfinity, 2, -kInfinity}, 3).tokens == std::vector<llama_token>({1}));
}

TEST("top-k: no candidate where the logits are not finite numbers") {
  CHECK(top({1, kNaN, 2}, 2).size() == 0);
  CHECK(top({kNaN, 1, 2}, 2).size() == 0);
  CHECK(top({1, 2, kNaN}, 2).size() == 0);
  CHECK(top({1, kInfinity}, 2).size() == 0);
  CHECK(top({-kInfinity, -kInfinity}, 2).size() == 0);
}

TEST("top-k: logits as large as floats are") {
  constexpr float kMost = std::numeric_limits<float>::max();
  const Candidates found = top({kMost, kMost, -kMost}, 3);
  CHECK(found.size() == 3);
  CHECK(std::abs(found.log_probs[0] + std::log(2.0)) < 1e-6 || std::isfinite(found.log_probs[0]));
}

TEST("top-k: excluded tokens are no candidates, and keep their share of the probability") {
  const Candidates found = top({1, 3, 2, 9}, 3, {false, true, false, true});
  CHECK(found.tokens == std::vector<llama_token>({2, 0}));
  const double norm = std::log(std::exp(1.0) + std::exp(3.0) + std::exp(2.0) + std::exp(9.0));
  CHECK(std::abs(found.log_probs[0] - (2 - norm)) < 1e-6);
  CHECK(std::abs(found.log_probs[1] - (1 - norm)) < 1e-6);
}

TEST("draw: excluded tokens are never drawn, and keep their share of the probability") {
  const std::vector<float> logits = {1, 30, 2, 31};
  const Excluded excluded = {false, true, false, true};
  for (const double temperature : {0.0, 1.0, 50.0}) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
      const Candidates found = draw(logits, drawing(0, 1, temperature, seed), excluded);
      CHECK(found.size() == 1 && (found.tokens[0] == 0 || found.tokens[0] == 2));
      const double norm = 31 + std::log(1 + std::exp(-1.0) + std::exp(-29.0) + std::exp(-30.0));
      CHECK(std::abs(found.log_probs[0] - (logits[static_cast<size_t>(found.tokens[0])] - norm)) < 1e-5);
    }
  }
}

TEST("draw: one candidate, the same for the same seed") {
  const std::vector<float> logits = {1, 2, 3, 2.5f};
  const auto drawn = [&](uint32_t seed) {
    const Candidates found = draw(logits, drawing(0, 1, 1, seed));
    CHECK(found.size() == 1);
    return found.tokens[0];
  };
  CHECK(drawn(1) == drawn(1));
  bool differs = false;
  for (uint32_t seed = 2; seed < 40; ++seed) differs = differs || drawn(seed) != drawn(1);
  CHECK(differs);
}

TEST("draw: greedy at temperature 0, and with top-k 1") {
  const std::vector<float> logits = {1, 2, 3, 2.5f};
  CHECK(draw(logits, drawing(0, 1, 0, 1)).tokens[0] == 2);
  CHECK(draw(logits, drawing(1, 1, 5, 1)).tokens[0] == 2);
}

TEST("draw: NaN is seen before anything is sorted") {
  std::vector<float> logits(5000, 1);
  for (size_t i = 0; i < logits.size(); i += 3) logits[i] = kNaN;
  for (const size_t top_k : {0u, 1u, 40u, 200u, 5000u}) {
    CHECK(draw(logits, drawing(top_k, 0.95f, 0.8, 1)).size() == 0);
  }
}

TEST("samplers: log-probabilities are of what they leave, and the policy's own stand beside them") {
  SamplerSettings samplers;
  samplers.policy_temperature = 0.5;
  const Candidates found = sampled({1, 3, 2, 0}, 2, samplers);
  CHECK(found.tokens == std::vector<llama_token>({1, 2}));
  const double norm = std::log(std::exp(2.0) + std::exp(6.0) + std::exp(4.0) + std::exp(0.0));
  CHECK(near(found.log_probs[0], 6 - norm) && near(found.log_probs[1], 4 - norm));
  const double own = std::log(std::exp(1.0) + std::exp(3.0) + std::exp(2.0) + std::exp(0.0));
  CHECK(near(found.policy_log_probs[0], 3 - own) && near(found.policy_log_probs[1], 2 - own));
}

TEST("samplers: a repeated sequence costs multiplier x base^(length - allowed length)") {
  SamplerSettings samplers;
  samplers.dry_multiplier = 0.8f;
  samplers.dry_penalty_last_n = 100;
  const std::vector<float> logits(40, 0);
  // 20 21 22 came before; after 20 21 the 22 would make it three.
  const Candidates found = sampled(logits, 40, samplers, {20, 21, 22, 23, 20, 21});
  const double norm = std::log(39 + std::exp(-0.8));
  CHECK(found.size() == 40 && found.tokens.back() == 22);
  CHECK(near(found.log_probs.back(), -0.8 - norm) && near(found.log_probs[0], -norm));
  const Candidates longer = sampled(logits, 40, samplers, {19, 20, 21, 22, 23, 19, 20, 21});
  CHECK(near(longer.log_probs.back() - longer.log_probs[0], -0.8 * 1.75));
  const Candidates shorter = sampled(logits, 40, samplers, {21, 22, 23, 21});
  CHECK(shorter.log_probs.back() == shorter.log_probs[0]);
}

TEST("samplers: the window of DRY ends what it remembers") {
  SamplerSettings samplers;
  samplers.dry_multiplier = 0.8f;
  samplers.dry_penalty_last_n = 4;
  const Candidates found = sampled(std::vector<float>(40, 0), 40, samplers, {20, 21, 22, 23, 20, 21});
  CHECK(found.log_probs.back() == found.log_probs[0]);
}

TEST("samplers: penalties count what was taken within their window") {
  SamplerSettings samplers;
  samplers.repeat_last_n = 3;
  samplers.repeat_penalty = 2;
  samplers.frequency_penalty = 0.25f;
  samplers.presence_penalty = 0.5f;
  const Candidates found = sampled({4, 4, -4, 4}, 4, samplers, {3, 1, 1, 2});
  std::vector<double> logits(4);
  for (size_t i = 0; i < 4; ++i) logits[static_cast<size_t>(found.tokens[i])] = found.log_probs[i];
  CHECK(near(logits[3] - logits[0], 0));
  CHECK(near(logits[1] - logits[0], 2 - 0.5 - 0.5 - 4));
  CHECK(near(logits[2] - logits[0], -8 - 0.25 - 0.5 - 4));
}

TEST("samplers: what min-p, top-p, top-n-sigma and biases take away is no candidate") {
  SamplerSettings samplers;
  samplers.min_p = 0.3f;
  CHECK(sampled({0, -1, -2, -3}, 4, samplers).tokens == std::vector<llama_token>({0, 1}));
  samplers = {};
  samplers.top_p = 0.5f;
  CHECK(sampled({0, 5, -2, -3}, 4, samplers).tokens == std::vector<llama_token>({1}));
  samplers = {};
  samplers.top_n_sigma = 1;
  CHECK(sampled({0, 0, 10, 9}, 4, samplers).tokens == std::vector<llama_token>({2, 3}));
  samplers = {};
  samplers.logit_bias = {{2, -kInfinity}, {0, 7}};
  CHECK(sampled({0, 5, 10, 1}, 4, samplers).tokens == std::vector<llama_token>({0, 1, 3}));
}

TEST("samplers: excluded tokens do not count") {
  SamplerSettings samplers;
  samplers.min_p = 0.5f;
  const Candidates found = sampled({0, 9, 0, 9}, 4, samplers, {}, {false, true, false, true});
  CHECK(found.tokens == std::vector<llama_token>({0, 2}));
  CHECK(near(found.log_probs[0], std::log(0.5)));
}

TEST("samplers: nothing left is an error of its own, for draws too") {
  SamplerSettings samplers;
  samplers.logit_bias = {{0, -kInfinity}, {1, -kInfinity}};
  CHECK_FAILS(sampled({1, 2}, 2, samplers), ErrorCode::kSamplersLeaveNothing);
  SlotSettings settings = drawing(40, 0.95f, 0.8, 1);
  settings.samplers.logit_bias = samplers.logit_bias;
  CHECK_FAILS(draw({1, 2}, settings), ErrorCode::kSamplersLeaveNothing);
}

TEST("samplers: a clone remembers what was taken, and then goes its own way") {
  SlotSettings settings;
  settings.samplers.presence_penalty = 1;
  settings.samplers.repeat_last_n = 10;
  SamplerChain first = factory().chain(settings);
  first.accept(1);
  SamplerChain second = first.clone();
  second.accept(2);
  const std::vector<float> logits(4, 0);
  CHECK(first.apply(logits.data(), 4, kNone).data[2].logit == 0);
  const llama_token_data_array both = second.apply(logits.data(), 4, kNone);
  CHECK(both.data[1].logit == -1 && both.data[2].logit == -1);
}

/// Penalties and DRY as argsearch has them, or so that they are shown all tokens.
SamplerChain repetition(Reach reach, float repeat_penalty) {
  const Vocabulary& known = vocabulary();
  const LlamaApi& api = engine();
  const char* breaker = "\n";
  SamplerChain chain;
  chain.add(SamplerPtr(api.llama_sampler_init_penalties(known.size(), 20, repeat_penalty, 0.25f, 0.5f)), reach);
  chain.add(SamplerPtr(api.llama_sampler_init_dry(known.handle(), 0.8f, 1.75f, 2, 100, &breaker, 1)), reach);
  return chain;
}

TEST("samplers: of taken tokens they make the same whether they are shown the others or not") {
  std::mt19937 random(5);
  const size_t size = 500;
  SamplerChain few = repetition(Reach::kTaken, 1.3f);
  SamplerChain all = repetition(Reach::kAll, 1.3f);
  for (size_t step = 0; step < 60; ++step) {
    std::vector<float> logits(size);
    for (float& logit : logits) logit = static_cast<float>(random() % 2000) / 100 - 10;
    const Excluded excluded = step % 2 == 0 ? kNone : excluding(size, random);
    const float* wanted = all.left(logits.data(), size, excluded);
    const float* found = few.left(logits.data(), size, excluded);
    CHECK(std::equal(wanted, wanted + size, found));
    CHECK(step < 2 || !std::equal(logits.begin(), logits.end(), found));
    const llama_token_data_array array = few.apply(logits.data(), size, excluded);
    CHECK(array.size == size - static_cast<size_t>(std::count(excluded.begin(), excluded.end(), true)));
    for (size_t i = 0; i < array.size; ++i) CHECK(array.data[i].logit == wanted[array.data[i].id]);
    const auto token = static_cast<llama_token>(random() % 8);
    few.accept(token);
    all.accept(token);
    if (step == 30) few = few.clone();
  }
}

TEST("samplers: one that needs all tokens keeps its place before one that does not") {
  const int32_t n_vocab = vocabulary().size();
  const LlamaApi& api = engine();
  SamplerChain chain;
  chain.add(SamplerPtr(api.llama_sampler_init_temp(0.5f)));
  chain.add(SamplerPtr(api.llama_sampler_init_penalties(n_vocab, 4, 1, 0, 3)), Reach::kTaken);
  chain.accept(1);
  const std::vector<float> logits = {1, 2, 3, 4};
  const float* left = chain.left(logits.data(), 4, kNone);
  CHECK(std::vector<float>(left, left + 4) == std::vector<float>({2, 1, 6, 8}));
}

TEST("samplers: a penalty that takes all probability from a token takes the token") {
  SamplerSettings samplers;
  samplers.repeat_last_n = 10;
  samplers.repeat_penalty = std::numeric_limits<float>::min();
  CHECK(sampled({1e10f, 2, 1}, 3, samplers, {0}).tokens == std::vector<llama_token>({1, 2}));
  CHECK_FAILS(sampled({1e10f}, 3, samplers, {0}), ErrorCode::kSamplersLeaveNothing);
}

TEST("samplers: with a grammar, names of control tokens are no text") {
  const std::shared_ptr<const Model> model = test::load_model();
  const Vocabulary& vocabulary = model->vocabulary();
  const auto n_vocab = static_cast<size_t>(vocabulary.size());
  SlotSettings settings;
  settings.samplers.grammar = "root ::= [^x]+";
  SamplerFactory samplers(vocabulary);
  SampledTopK proposer(n_vocab, samplers.chain(settings), kNone);
  const std::vector<float> logits(n_vocab, 0);
  const Candidates found = proposer.propose(logits.data(), n_vocab);
  CHECK(found.size() > 100);
  for (const llama_token token : found.tokens) CHECK(!vocabulary.is(token, LLAMA_TOKEN_ATTR_CONTROL));
}

TEST("samplers: a grammar that the engine cannot follow is GRAMMAR_INVALID") {
  SamplerSettings samplers;
  samplers.grammar = "root ::= root \"a\"";
  CHECK_FAILS(sampled({1, 2}, 2, samplers), ErrorCode::kGrammarInvalid);
}

TEST("proposers: made by the method, and told what the slot takes") {
  const std::vector<float> logits = {1, 2, 3};
  SlotSettings settings;
  settings.top_k = 2;
  const auto top_k = make_proposer(settings, factory(), kNone);
  CHECK(top_k->propose(logits.data(), logits.size()).size() == 2);
  top_k->accept(1);
  settings.method = Method::kSample;
  const auto sampler = make_proposer(settings, factory(), kNone);
  CHECK(sampler->propose(logits.data(), logits.size()).size() == 1);
  sampler->accept(1);
}

}  // namespace
}  // namespace argsearch

#include <cmath>
#include <limits>

#include "check.h"
#include "search/propose/sampler.h"
#include "search/propose/top_k.h"

namespace argsearch {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

const Excluded kNone;

Candidates top(const std::vector<float>& logits, size_t k, const Excluded& excluded = kNone) {
  return TopK(k, excluded).propose(logits.data(), logits.size());
}

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

TEST("sampler: excluded tokens are never drawn, and keep their share of the probability") {
  open_engine(test::engine_dir());
  const std::vector<float> logits = {1, 30, 2, 31};
  const Excluded excluded = {false, true, false, true};
  for (const double temperature : {0.0, 1.0, 50.0}) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
      const Candidates found = Sampler(0, 1, temperature, seed, excluded).propose(logits.data(), logits.size());
      CHECK(found.size() == 1 && (found.tokens[0] == 0 || found.tokens[0] == 2));
      const double norm = 31 + std::log(1 + std::exp(-1.0) + std::exp(-29.0) + std::exp(-30.0));
      CHECK(std::abs(found.log_probs[0] - (logits[static_cast<size_t>(found.tokens[0])] - norm)) < 1e-5);
    }
  }
}

TEST("sampler: one candidate, the same for the same seed") {
  open_engine(test::engine_dir());
  const std::vector<float> logits = {1, 2, 3, 2.5f};
  const auto draw = [&](uint32_t seed) {
    const Candidates found = Sampler(0, 1, 1, seed, kNone).propose(logits.data(), logits.size());
    CHECK(found.size() == 1);
    return found.tokens[0];
  };
  CHECK(draw(1) == draw(1));
  bool differs = false;
  for (uint32_t seed = 2; seed < 40; ++seed) differs = differs || draw(seed) != draw(1);
  CHECK(differs);
}

TEST("sampler: greedy at temperature 0, and with top-k 1") {
  open_engine(test::engine_dir());
  const std::vector<float> logits = {1, 2, 3, 2.5f};
  CHECK(Sampler(0, 1, 0, 1, kNone).propose(logits.data(), logits.size()).tokens[0] == 2);
  CHECK(Sampler(1, 1, 5, 1, kNone).propose(logits.data(), logits.size()).tokens[0] == 2);
}

TEST("sampler: NaN is seen before anything is sorted") {
  open_engine(test::engine_dir());
  std::vector<float> logits(5000, 1);
  for (size_t i = 0; i < logits.size(); i += 3) logits[i] = kNaN;
  for (const int32_t top_k : {0, 1, 40, 200, 5000}) {
    CHECK(Sampler(top_k, 0.95f, 0.8, 1, kNone).propose(logits.data(), logits.size()).size() == 0);
  }
}

TEST("proposers: made by the method, and told what the slot takes") {
  open_engine(test::engine_dir());
  const std::vector<float> logits = {1, 2, 3};
  SlotSettings settings;
  settings.top_k = 2;
  const auto top_k = make_proposer(settings, kNone);
  CHECK(top_k->propose(logits.data(), logits.size()).size() == 2);
  top_k->accept(1);
  settings.method = Method::kSample;
  const auto sampler = make_proposer(settings, kNone);
  CHECK(sampler->propose(logits.data(), logits.size()).size() == 1);
  sampler->accept(1);
}

}  // namespace
}  // namespace argsearch

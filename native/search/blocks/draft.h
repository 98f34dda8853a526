#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "search/propose/sampler_chain.h"
#include "search/settings.h"

namespace argsearch {

/// One way to go on, drawn from the policy.
struct Draft {
  Draft(size_t at, SamplerChain samplers, uint64_t seed, std::string before)
      : number(at), chain(std::move(samplers)), random(seed), recent(std::move(before)) {}

  size_t number;
  SamplerChain chain;
  std::mt19937_64 random;
  std::vector<llama_token> tokens;
  /// By what the samplers leave, and by the policy itself.
  std::vector<double> log_probs;
  std::vector<double> policy_log_probs;
  std::string text;
  /// The last bytes of the response, this draft's among them, that a stop string may begin in.
  std::string recent;
  /// Its last token ends the response, or completes a stop string.
  bool eog = false;
  bool stopped = false;
  /// tokens x n objectives, row-major; NaN where none was read.
  std::vector<double> objectives;
  /// Tokens that it had when it was last rated.
  size_t rated = 0;
  /// One an objective, where the draft is rated, and their weighted sum. Without a reward model empty, and 0.
  std::vector<double> values;
  double reward = 0;

  bool finished() const { return eog || stopped; }
};

/// The drafts of a slot's next tokens.
struct Block {
  /// Most tokens of a draft, and how many they are to have before they are rated.
  size_t length = 0;
  size_t target = 0;
  std::vector<Draft> drafts;
  /// Numbers of those that are drawn side by side.
  std::vector<size_t> wave;

  bool begun() const { return !drafts.front().tokens.empty(); }
  bool waits(const Draft& draft) const { return !draft.finished() && draft.tokens.size() < target; }
};

/// What a slot keeps from one block to the next: from begin() to clear().
struct BlockSlot {
  enum class Phase { kEmpty, kDrawing, kRated };
  Phase phase = Phase::kEmpty;
  SlotSettings settings;
  const Excluded* excluded = nullptr;
  std::optional<SamplerChain> chain;
  /// Of the choice among drafts.
  std::mt19937_64 random;
  size_t blocks = 0;
  std::string recent;
  /// Objectives at the response's last token; empty before the first.
  std::vector<double> last_objectives;
  std::optional<Block> block;
};

/// One slot's part of a call.
struct Drafting {
  size_t slot;
  BlockSlot* state;

  Block& block() const { return *state->block; }
};

}  // namespace argsearch

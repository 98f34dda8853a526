#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "search/candidates.h"
#include "search/propose/proposer.h"
#include "search/settings.h"

namespace argsearch {

class StepRewards;

/// What a slot keeps from one step to the next: from begin() to clear().
struct SlotState {
  enum class Phase { kEmpty, kReady, kProposed };
  Phase phase = Phase::kEmpty;
  SlotSettings settings;
  std::mt19937_64 random;
  /// What its gate draws from, so that the selection draws the same with a gate and without.
  std::mt19937_64 gate_random;
  std::unique_ptr<Proposer> proposer;
  /// Rates its candidates; null: nothing does.
  StepRewards* rewards = nullptr;
  /// What its gate guessed that the reward would be by now.
  std::optional<double> guessed_reward;
  /// Between propose() and commit().
  Candidates proposed;
  Candidates proposed_likeliest;
};

/// One slot's part of a step, as it passes through the stages: propose, (wave: narrow, rate), select, commit. Each
/// stage reads and fills it.
struct SlotStep {
  size_t slot = 0;
  SlotState* state = nullptr;
  /// The policy's, of the whole vocabulary. Valid until its next decode.
  const float* logits = nullptr;
  size_t n_vocab = 0;
  /// propose: tokens and log_probs. rate: objectives and rewards. select: scores.
  Candidates candidates;
  /// By the policy itself, as many as the settings ask for.
  Candidates likeliest;
  /// Which candidates may still win: all, unless a narrower closes some.
  std::vector<bool> open;
  /// Which candidates have their rewards.
  std::vector<bool> rated;
  /// The reward models are left out: the likeliest open candidate wins, or one is drawn by log-probability.
  bool gated = false;
  /// All is rated where a gate would have closed something, to see whether it would have been right; and it was not.
  bool audited = false;
  bool violated = false;
  /// Rewards as a predictor guesses them; empty where none was asked. It has closed candidates by them.
  std::vector<double> guesses;
  bool predicted = false;
  /// By how much each candidate's score lags behind the best one, as its gate sees it; infinite for one that is not to
  /// be opened again. Empty where none is.
  std::vector<double> lags;
  /// In [0, 1), one a step: what a gate draws by.
  double draw = 0;
  /// The rank that wins.
  std::optional<size_t> chosen;

  llama_token token() const { return candidates.tokens[*chosen]; }
  StepRewards* rewards() const { return state->rewards; }
  /// Some candidate has its reward.
  bool begun() const { return std::find(rated.begin(), rated.end(), true) != rated.end(); }
  size_t n_open() const { return static_cast<size_t>(std::count(open.begin(), open.end(), true)); }

  /// Ranks that may win and have no reward yet.
  std::vector<size_t> unrated() const {
    std::vector<size_t> ranks;
    if (gated) return ranks;
    for (size_t rank = 0; rank < open.size(); ++rank) {
      if (open[rank] && !rated[rank]) ranks.push_back(rank);
    }
    return ranks;
  }
};

using Step = std::vector<SlotStep>;
/// Some slots of a step.
using StepPart = std::vector<SlotStep*>;

inline StepPart whole(Step& step) {
  StepPart part;
  for (SlotStep& slot : step) part.push_back(&slot);
  return part;
}

}  // namespace argsearch

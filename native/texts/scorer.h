#pragma once

#include <memory>
#include <vector>

#include "context/rows.h"
#include "search/reward/token_values.h"

namespace argsearch {

struct ScorerSettings {
  std::shared_ptr<const Model> model;
  RewardKind kind = RewardKind::kHead;
  /// Longest sequence, tokens.
  uint32_t context_size = 2048;
  /// Sequences that may share a batch.
  uint32_t sequences = 16;
  ContextSettings context;
};

/// A token sequence and the ascending positions to read.
struct ScoreSequence {
  std::vector<llama_token> tokens;
  std::vector<int32_t> positions;
};

struct SequenceScore {
  /// positions x labels, row-major; empty without a head. As a language model one a position: of its token, by those
  /// before it; 0 for a text's first.
  std::vector<double> rewards;
  /// positions x n_embd, row-major; empty unless asked for.
  std::vector<float> hidden;
};

struct ScorerCounters {
  uint64_t tokens = 0;
  uint64_t decodes = 0;
};

/// Rewards, values of tokens or hidden states of whole texts, off any search. Neighbouring sequences share batches, and
/// a prefix that a sequence shares with the one before it is decoded once. Not thread-safe: one thread calls.
class Scorer {
 public:
  explicit Scorer(const ScorerSettings& settings);

  /// In the order given. Hidden states are of RewardKind::kHead. PROMPT_EMPTY, PROMPT_TOO_LONG, OPTION_INVALID;
  /// DECODE_FAILED for rewards that are not finite.
  std::vector<SequenceScore> score(const std::vector<ScoreSequence>& sequences, bool want_hidden);

  ScorerCounters counters() const { return counters_; }

 private:
  void check(const ScoreSequence& sequence) const;
  /// How many sequences from `first` on fit the cache together.
  size_t group_size(const std::vector<ScoreSequence>& sequences, size_t first) const;
  void score_group(const ScoreSequence* sequences, SequenceScore* results, size_t count, bool want_hidden);

  size_t n_labels() const;
  void read(const float* row, const ScoreSequence& sequence, size_t place, SequenceScore& result,
            bool want_hidden) const;

  RewardKind kind_;
  std::unique_ptr<RowContext> rows_;
  uint32_t context_size_;
  uint32_t sequences_;
  ScorerCounters counters_;
};

}  // namespace argsearch

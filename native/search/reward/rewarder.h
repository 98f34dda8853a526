#pragma once

#include "context/prefixes.h"
#include "search/step.h"
#include "search/window.h"

namespace argsearch {

/// Candidates that are rated in one decode, all of slots that share a context.
struct Wave {
  struct Part {
    SlotStep* slot;
    /// In ascending order.
    std::vector<size_t> ranks;
    /// It is all that this slot has to rate.
    bool whole;
  };
  size_t context = 0;
  std::vector<Part> parts;
};

/// A draft of a slot: tokens behind its prefix, in a branch of their own.
struct Reading {
  size_t slot;
  /// Which of the slot's drafts it is.
  size_t draft;
  std::vector<llama_token> tokens;
  /// Which of them are read, in ascending order; each of them once, or where the branch has been lost.
  std::vector<size_t> read;
  /// ln P of each token by the policy itself; none where nothing is read.
  std::vector<double> policy_log_probs;
};

inline size_t n_read(const std::vector<Reading>& drafts) {
  size_t count = 0;
  for (const Reading& draft : drafts) count += draft.read.size();
  return count;
}

/// The tokens that a slot took unrated, and how many of the last of them are read, two at most; there are so many.
struct CatchUp {
  size_t slot;
  size_t read;
};

/// What the decodes of one or several rewarders have cost.
struct RewarderCounters {
  uint64_t tokens = 0;
  uint64_t decodes = 0;
  uint64_t projections = 0;
  double decode_ms = 0;
};

/// Rates candidates for the slots of one context, and follows what they take.
class Rewarder {
 public:
  virtual ~Rewarder() = default;

  /// Makes a slot hold `tokens`, all decoded, but for the last where its states will be read. Reuses the longest
  /// prefix. Decodes no more than `most`, and goes on when it is called again.
  virtual PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens, size_t most, bool reads_states) = 0;

  /// What is read for a token that ends a slot's response, from its next begin() on; none: nothing. For who reads other
  /// tokens than the policy's.
  virtual void end_with(size_t /*slot*/, const std::vector<llama_token>& /*tokens*/) {}

  /// What of the slots' next wave can be decoded before its candidates are known is; false where there is nothing.
  virtual bool can_read_ahead() const { return false; }
  virtual void read_ahead(const StepPart& /*slots*/) {}

  /// The wave's candidates, part by part: a row of n_labels() values each. What their slots took unrated is decoded
  /// with them.
  virtual std::vector<double> rate(const Wave& wave) = 0;
  /// Which of a slot's candidates end inside a character, so that their rewards are those of the text before it; none
  /// for who reads the policy's tokens.
  virtual std::vector<bool> waiting(const SlotStep& /*slot*/) const { return {}; }
  /// Each slot takes the candidate it has chosen. One that was not rated is decoded later.
  virtual void commit(const StepPart& slots) = 0;
  /// The candidates of windows, window by window, step by step: a row of n_labels() values each. They are capacity() at
  /// most, and their slots have taken nothing unrated.
  virtual std::vector<double> rate_ahead(const std::vector<Window*>& windows) = 0;
  /// Each slot takes the tokens of its window that are taken.
  virtual void commit_ahead(const std::vector<Window*>& windows) = 0;
  /// Decodes what the slots took unrated: a row of n_labels() values for each token that is read, slot by slot.
  virtual std::vector<double> catch_up(const std::vector<CatchUp>& slots) = 0;
  /// Makes state() say where the slots are. What they took unrated is decoded, all of it in one batch if that fits.
  virtual void read_states(const std::vector<size_t>& slots) = 0;
  /// Of a slot that began with its states to be read, behind read_states(): the final-norm hidden state of its last
  /// token, n_embd values; valid until commit().
  virtual const float* state(size_t slot) const = 0;
  /// n_labels() values of the token before the slot's last one, where rate() or read_states() has decoded it late; else
  /// none.
  virtual std::vector<double> before_last(size_t slot) const = 0;

  /// A row of n_labels() values for each token that is read, draft by draft. Where a slot's drafts do not fit side by
  /// side, in waves.
  virtual std::vector<double> read(const std::vector<Reading>& drafts) = 0;
  /// Each slot takes the tokens of a draft, none of a slot twice; the branches of its other drafts go.
  virtual void take(const std::vector<Reading>& drafts) = 0;
  /// A slot will not ask for this draft again.
  virtual void drop(size_t slot, size_t draft) = 0;
  virtual void clear(size_t slot) = 0;

  virtual Context& context() = 0;
  virtual Prefixes& prefixes() = 0;
  virtual const Model& model() const = 0;
  virtual size_t n_labels() const = 0;
  /// Most candidates of a wave; SIZE_MAX where they cost nothing.
  virtual size_t capacity() const = 0;
  /// Tokens of a slot, those that it took unrated among them; how many these are, as long as they are not decoded.
  virtual size_t length(size_t slot) const = 0;
  virtual size_t pending(size_t slot) const = 0;
  virtual RewarderCounters counters() const = 0;
  virtual size_t cache_bytes() const = 0;
};

}  // namespace argsearch

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "context/branches.h"
#include "context/prefixes.h"

namespace argsearch {

struct PrefixReaderSettings {
  std::shared_ptr<const Model> model;
  /// Longest text, tokens.
  uint32_t context_size = 2048;
  /// Beginnings of texts that are kept from call to call.
  uint32_t prefixes = 1;
  ContextSettings context;
};

/// A text, and the tokens that may follow it.
struct OpenText {
  std::vector<llama_token> tokens;
  std::vector<llama_token> wanted;
};

struct PrefixReaderCounters {
  uint64_t tokens = 0;
  uint64_t decodes = 0;
};

/// What a model says behind texts that begin alike. What the texts of a call have in common is held in a slot, and
/// stays there: of the next call's texts only what is new is decoded. The rest of each text is decoded in a branch of
/// the slot, what several of them share once. Not thread-safe: one thread calls.
class PrefixReader {
 public:
  /// MODEL_UNSUPPORTED, OUT_OF_MEMORY, OPTION_INVALID.
  explicit PrefixReader(const PrefixReaderSettings& settings);

  /// ln P, over the whole vocabulary, of each wanted token behind each text, in the order given. PROMPT_EMPTY,
  /// PROMPT_TOO_LONG, OPTION_INVALID, ABORTED, OUT_OF_MEMORY, DECODE_FAILED.
  std::vector<std::vector<double>> read(const std::vector<OpenText>& texts);

  PrefixReaderCounters counters() const { return counters_; }

 private:
  /// A token behind the beginning, decoded once for all branches that share it.
  struct SharedToken {
    llama_token token;
    llama_pos position;
    std::vector<llama_seq_id> sequences;
    /// It is the last of this text.
    size_t text;
  };
  /// Texts of a call whose branches are decoded side by side.
  struct Wave {
    std::vector<SharedToken> tokens;
    /// How many of the order it takes.
    size_t texts = 0;
  };

  void check(const OpenText& text) const;
  /// Has a slot hold the beginning; which one.
  size_t hold(const std::vector<llama_token>& beginning);
  size_t slot_for(const std::vector<llama_token>& beginning);
  /// Of the texts from `first` of the order on, which neighbours resemble, as many as have branches and cells.
  Wave next_wave(size_t slot, const std::vector<OpenText>& texts, const std::vector<size_t>& order, size_t first);
  void decode_wave(const Wave& wave, const std::vector<OpenText>& texts, std::vector<std::vector<double>>& results);
  /// Where there are no branches: a text in the slot itself.
  std::vector<double> read_alone(const OpenText& text);
  std::vector<double> log_probs(size_t token, const std::vector<llama_token>& wanted) const;
  void decode(Batch& batch);

  Context context_;
  Prefixes prefixes_;
  Branches branches_;
  uint32_t context_size_;
  size_t outputs_;
  /// When a slot was last used, in calls.
  std::vector<uint64_t> used_;
  uint64_t calls_ = 0;
  PrefixReaderCounters counters_;
};

}  // namespace argsearch

#pragma once

#include <map>
#include <vector>

#include "search/reward/draft_reader.h"
#include "search/reward/retokeniser.h"

namespace argsearch {

/// Reads drafts of blocks in another vocabulary than the policy's, cut as they will be read: the response with a draft
/// is cut anew as a whole. What all drafts of a slot have in common with what it holds stays, the rest of each is its
/// branch. A token of the policy is read at the last of the reward model's that ends where it does or before. Slots are
/// those of the context.
class RetokenisedDrafts {
 public:
  /// All of them outlive it.
  RetokenisedDrafts(RowDecoder& decoder, Prefixes& prefixes, Branches& branches, const Retokeniser& retokeniser,
                    size_t slots, size_t context_size)
      : decoder_(decoder),
        prefixes_(prefixes),
        branches_(branches),
        retokeniser_(retokeniser),
        reader_(decoder, prefixes, branches, context_size),
        context_size_(context_size),
        slots_(slots) {}

  /// The prompt that a slot is to hold, and what is read for a token that ends its response.
  void begin(size_t slot, const std::vector<llama_token>& prompt, const std::vector<llama_token>& end) {
    slots_[slot] = {prompt, end, {}, {}};
  }
  /// Rewarder::read(), take() and drop().
  std::vector<double> read(const std::vector<Reading>& drafts);
  void take(const std::vector<Reading>& drafts);
  void drop(size_t slot, size_t draft);
  void clear(size_t slot) { slots_[slot] = {}; }

 private:
  /// A prompt, a response and a draft in the reward model's tokens.
  struct Sequence {
    std::vector<llama_token> tokens;
    /// For each of the draft's tokens that is read, where that is.
    std::vector<size_t> positions;
  };
  struct Slot {
    std::vector<llama_token> prompt;
    std::vector<llama_token> end;
    ResponseText response;
    /// What the branch of each draft was decoded of, behind what the slot holds.
    std::map<size_t, std::vector<llama_token>> branches;
  };
  Sequence sequence(const Reading& draft) const;
  void cut(size_t slot, size_t length);
  Reading behind(const Reading& draft, const Sequence& sequence);

  RowDecoder& decoder_;
  Prefixes& prefixes_;
  Branches& branches_;
  const Retokeniser& retokeniser_;
  DraftReader reader_;
  size_t context_size_;
  std::vector<Slot> slots_;
};

}  // namespace argsearch

#pragma once

#include <vector>

#include "context/branches.h"
#include "context/row_decoder.h"
#include "search/reward/rewarder.h"

namespace argsearch {

/// Reads drafts, those of a slot behind each other, in a reward model's context, whose slots, prefixes and
/// branches it shares: a draft's branch is decoded as far as it has grown since it was last read, and what is taken is
/// not decoded again where it is still there. Slots are those of the context.
class DraftReader {
 public:
  /// All of them outlive it.
  DraftReader(RowDecoder& decoder, Prefixes& prefixes, Branches& branches, size_t context_size)
      : decoder_(decoder), prefixes_(prefixes), branches_(branches), context_size_(context_size) {}

  /// Rewarder::read(): `on_row` gets what the context gives of each token that is read, counted draft by draft.
  void read(const std::vector<Reading>& drafts, const OnRow& on_row);
  /// Rewarder::take().
  void take(const std::vector<Reading>& drafts);

 private:
  /// The drafts of one slot: where they begin in a call, how many, and how many of them are decoded side by side.
  struct Group {
    size_t first;
    size_t count;
    size_t width;
  };
  std::vector<Group> groups(const std::vector<Reading>& drafts) const;
  /// Places in the call of the drafts that are decoded in a wave.
  std::vector<size_t> wave(const std::vector<Reading>& drafts, const std::vector<Group>& groups, size_t number) const;
  void make_room(const std::vector<Reading>& drafts, const std::vector<Group>& groups, const std::vector<size_t>& wave);
  Run missing(const Reading& draft);

  RowDecoder& decoder_;
  Prefixes& prefixes_;
  Branches& branches_;
  size_t context_size_;
};

}  // namespace argsearch

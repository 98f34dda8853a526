#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "context/branches.h"
#include "context/hidden.h"
#include "search/reward/draft_reader.h"
#include "search/reward/window_reader.h"
#include "search/slot_ranges.h"

namespace argsearch {

/// A reward model with a head, in a context of its own: one cached prefix a slot, and the branches of the step under
/// way.
///
/// A step copies the prefix sequence to one sequence a candidate (metadata only in the unified cache), decodes all
/// candidate tokens in one batch, and keeps the winner's cell as the new end of the prefix, so the winner is never
/// decoded twice. Tokens that a slot took unrated wait, and go into the next batch of the slot as the beginning of
/// every branch.
class BranchedReward : public Rewarder {
 public:
  /// The model has a head. `sequences`: of the context, those of its slots among them.
  BranchedReward(std::shared_ptr<const Model> model, const ContextSettings& settings, SlotRange slots,
                 uint32_t sequences, uint32_t context_size);

  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens, size_t most, bool reads_states) override;

  /// The branches stay until commit(), or until other slots need the room; those of a slot that comes in several waves
  /// do not.
  std::vector<double> rate(const Wave& wave) override;
  /// Where the branch of a chosen candidate is gone, its token is decoded once more, all of them in one batch.
  void commit(const StepPart& slots) override;
  std::vector<double> rate_ahead(const std::vector<Window*>& windows) override;
  void commit_ahead(const std::vector<Window*>& windows) override { windows_.commit(windows); }
  std::vector<double> catch_up(const std::vector<CatchUp>& slots) override;
  void read_states(const std::vector<size_t>& slots) override;
  const float* state(size_t slot) const override { return states_[place(slot)].last.data(); }
  std::vector<double> before_last(size_t slot) const override;
  std::vector<double> read(const std::vector<Reading>& drafts) override;
  void take(const std::vector<Reading>& drafts) override { reader_.take(placed(drafts)); }
  void drop(size_t slot, size_t draft) override { branches_.drop(place(slot), draft); }
  void clear(size_t slot) override;

  Prefixes& prefixes() override { return prefixes_; }
  Context& context() override { return hidden_.context(); }
  const Model& model() const override { return hidden_.context().model(); }
  size_t n_labels() const override { return head().n_labels(); }
  size_t capacity() const override { return branches_.capacity(); }
  size_t length(size_t slot) const override { return prefixes_.size(place(slot)) + pending(slot); }
  size_t pending(size_t slot) const override { return pending_[place(slot)].size(); }
  RewarderCounters counters() const override;
  size_t cache_bytes() const override { return hidden_.context().cache_bytes(); }

 private:
  /// Where a slot of the search is in this context.
  size_t place(size_t slot) const { return slot - first_; }
  std::vector<Reading> placed(std::vector<Reading> drafts) const {
    for (Reading& draft : drafts) draft.slot = place(draft.slot);
    return drafts;
  }
  const RewardHead& head() const { return *model().head(); }
  void make_room(const Wave& wave);
  void catch_up_ahead(const Wave& wave);
  std::vector<double> decode_branches(const Wave& wave);
  void decode_again(const StepPart& slots);
  void decode_pending(const std::vector<CatchUp>& slots, const std::function<void(size_t run, const float*)>& on_read);
  void settle(size_t place);

  /// A token that was taken unrated, as it was read later.
  struct Late {
    size_t position = 0;
    std::vector<double> values;
  };

  /// The hidden states of a slot, for who reads them.
  struct States {
    bool read = false;
    std::vector<float> last;
    /// Of the step's candidates that were rated, by rank.
    std::map<size_t, std::vector<float>> candidates;

    void keep(size_t rank, const float* hidden, size_t n_embd) { candidates[rank].assign(hidden, hidden + n_embd); }
  };

  HiddenContext hidden_;
  RowDecoder decoder_;
  size_t first_;
  Prefixes prefixes_;
  /// What each slot took behind its prefix and the cache does not have yet.
  std::vector<std::vector<llama_token>> pending_;
  /// Of each slot, the last of those that were decoded with candidates.
  std::vector<Late> late_;
  std::vector<States> states_;
  Branches branches_;
  DraftReader reader_;
  WindowReader windows_;
  Batch batch_;
};

}  // namespace argsearch

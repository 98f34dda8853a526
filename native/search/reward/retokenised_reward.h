#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "context/branches.h"
#include "context/hidden.h"
#include "context/runs.h"
#include "search/reward/retokenised_drafts.h"
#include "search/reward/retokeniser.h"
#include "search/reward/rewarder.h"
#include "search/slot_ranges.h"

namespace argsearch {

/// A reward model with a head and another vocabulary than the policy's, in a context of its own. It holds its own
/// tokens of a prompt, and behind them those of the response, each of the policy's tokens cut apart: what was read once
/// stays, and a candidate is a branch of the one to few tokens that its text becomes, read at the last. Where a
/// candidate completes no character, its reward is that of the text before it, and its bytes wait for the next token.
/// What the reward model would have made one token of two of the policy's it reads as two: an approximation, which
/// blocks, cut anew as a whole, are free of.
class RetokenisedReward : public Rewarder {
 public:
  /// The model has a head. `writer`: whose tokens it reads as text. `sequences`: of the context, those of its slots
  /// among them.
  RetokenisedReward(std::shared_ptr<const Model> model, std::shared_ptr<const Model> writer,
                    const ContextSettings& settings, SlotRange slots, uint32_t sequences, uint32_t context_size);

  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens, size_t most, bool reads_states) override;
  void end_with(size_t slot, const std::vector<llama_token>& tokens) override { slots_[place(slot)].end = tokens; }

  /// In as many decodes as its tokens take. What slots took unrated is decoded before.
  std::vector<double> rate(const Wave& wave) override;
  std::vector<bool> waiting(const SlotStep& slot) const override;
  void commit(const StepPart& slots) override;
  std::vector<double> catch_up(const std::vector<CatchUp>& slots) override;
  std::vector<double> before_last(size_t slot) const override;

  std::vector<double> read(const std::vector<Reading>& drafts) override { return drafts_.read(placed(drafts)); }
  void take(const std::vector<Reading>& drafts) override { drafts_.take(placed(drafts)); }
  void drop(size_t slot, size_t draft) override { drafts_.drop(place(slot), draft); }
  void clear(size_t slot) override;

  /// MODEL_UNSUPPORTED: nothing is looked ahead to.
  std::vector<double> rate_ahead(const std::vector<Window*>& windows) override;
  void commit_ahead(const std::vector<Window*>& /*windows*/) override {}
  /// Nothing guesses rewards of tokens that the reward model does not have.
  void read_states(const std::vector<size_t>& /*slots*/) override {}
  const float* state(size_t /*slot*/) const override { return nullptr; }

  Prefixes& prefixes() override { return prefixes_; }
  Context& context() override { return hidden_.context(); }
  const Model& model() const override { return hidden_.context().model(); }
  size_t n_labels() const override { return head().n_labels(); }
  size_t capacity() const override { return branches_.capacity(); }
  /// In its own tokens, `pending` in the policy's.
  size_t length(size_t slot) const override { return held(place(slot)); }
  size_t pending(size_t slot) const override { return slots_[place(slot)].pending.size(); }
  RewarderCounters counters() const override;
  size_t cache_bytes() const override { return hidden_.context().cache_bytes(); }

 private:
  /// A candidate that was rated: what its branch has, and its values.
  struct Rated {
    std::vector<llama_token> tokens;
    std::vector<double> values;
  };
  struct Slot {
    std::vector<llama_token> end;
    ResponseText response;
    /// At the last token that is decoded.
    std::vector<double> values;
    /// Of the step under way, by rank.
    std::map<size_t, Rated> rated;
    /// For each of the policy's tokens that were taken unrated, its own.
    std::vector<std::vector<llama_token>> pending;
    /// The policy's tokens of the response, and how many there were when the last of them was read late.
    size_t taken = 0;
    size_t late_at = 0;
    std::vector<double> late;
  };
  /// Rows of values, of one token or two.
  using LastTwo = std::vector<std::vector<double>>;
  /// A candidate that is to be decoded.
  struct Due {
    size_t place;
    size_t rank;
    Rated* rated;
  };

  size_t place(size_t slot) const { return slot - first_; }
  std::vector<Reading> placed(std::vector<Reading> drafts) const {
    for (Reading& draft : drafts) draft.slot = place(draft.slot);
    return drafts;
  }
  const RewardHead& head() const { return *model().head(); }
  std::vector<double> values_of(const float* hidden) const;
  std::vector<llama_token> apart(const Slot& slot, size_t place, llama_token token);
  size_t held(size_t place) const;
  size_t branch_tokens() const;
  std::vector<Due> open(const Wave& wave);
  void make_room(const Wave& wave, const std::vector<Due>& due);
  void decode_candidates(const std::vector<Due>& due);
  std::vector<LastTwo> read_pending(const std::vector<size_t>& places);
  void keep(const StepPart& slots);

  size_t first_;
  size_t context_size_;
  std::shared_ptr<const Model> writer_;
  Retokeniser retokeniser_;
  /// Cells for what candidates have behind their slots.
  size_t branch_cells_;
  HiddenContext hidden_;
  RowDecoder decoder_;
  Prefixes prefixes_;
  Branches branches_;
  RetokenisedDrafts drafts_;
  std::vector<Slot> slots_;
};

}  // namespace argsearch

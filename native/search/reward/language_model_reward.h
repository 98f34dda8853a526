#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "context/branches.h"
#include "context/logits.h"
#include "context/prefixes.h"
#include "search/reward/draft_reader.h"
#include "search/reward/token_values.h"
#include "search/slot_ranges.h"

namespace argsearch {

/// A reward that is a causal language model, in a context of its own: what it says of each token that may follow a
/// slot's prefix.
///
/// A step decodes the token that the slot took last, and has the values of all candidates, however many there are: one
/// token a slot and step. So the last token of a slot always waits, and those before it that were taken unrated with
/// it.
class LanguageModelReward : public Rewarder {
 public:
  /// Not of RewardKind::kHead. `contexts`: how many the model has in all.
  LanguageModelReward(const std::shared_ptr<const Model>& model, RewardKind kind, const ContextSettings& settings,
                      SlotRange slots, uint32_t contexts, uint32_t context_size);

  /// All but the last token; it has no states to be read.
  PrefillCount begin(size_t slot, const std::vector<llama_token>& tokens, size_t most, bool reads_states) override;

  /// The token that each slot took last: its candidates are then there to be looked up.
  bool can_read_ahead() const override { return true; }
  void read_ahead(const StepPart& slots) override;
  std::vector<double> rate(const Wave& wave) override;
  void commit(const StepPart& slots) override;
  std::vector<double> rate_ahead(const std::vector<Window*>& windows) override;
  void commit_ahead(const std::vector<Window*>& windows) override;
  std::vector<double> catch_up(const std::vector<CatchUp>& slots) override;
  /// Nothing guesses its values.
  void read_states(const std::vector<size_t>& /*slots*/) override {}
  const float* state(size_t /*slot*/) const override { return nullptr; }
  std::vector<double> before_last(size_t slot) const override;
  std::vector<double> read(const std::vector<Reading>& drafts) override;
  void take(const std::vector<Reading>& drafts) override;
  void drop(size_t slot, size_t draft) override { branches_.drop(place(slot), draft); }
  void clear(size_t slot) override;

  Prefixes& prefixes() override { return prefixes_; }
  Context& context() override { return logits_.context(); }
  const Model& model() const override { return logits_.context().model(); }
  size_t n_labels() const override { return 1; }
  size_t capacity() const override { return SIZE_MAX; }
  size_t length(size_t slot) const override;
  size_t pending(size_t slot) const override { return slots_[place(slot)].unrated; }
  RewarderCounters counters() const override;
  size_t cache_bytes() const override { return logits_.context().cache_bytes(); }

 private:
  struct Slot {
    /// What it took behind its prefix and the cache does not have yet.
    std::vector<llama_token> waiting;
    /// How many of the last of these were taken unrated.
    size_t unrated = 0;
    /// Behind the prefix, where nothing waits; empty else.
    std::vector<float> next;
    std::optional<TokenValues> values;
    /// What the last token that was taken unrated was found to be worth, and where it stands.
    double late = 0;
    size_t late_at = SIZE_MAX;
  };
  size_t place(size_t slot) const { return slot - first_; }
  TokenValues values_of(const float* logits) const { return {kind_, logits, static_cast<size_t>(model().n_vocab())}; }
  void keep_next(Slot& slot, const float* logits);
  void decode_waiting(const std::vector<size_t>& places);
  void settle(size_t place, size_t tokens);
  std::vector<Reading> behind_prefixes(const std::vector<Reading>& drafts) const;

  RewardKind kind_;
  LogitsContext logits_;
  RowDecoder decoder_;
  size_t first_;
  Prefixes prefixes_;
  std::vector<Slot> slots_;
  Branches branches_;
  DraftReader reader_;
};

}  // namespace argsearch

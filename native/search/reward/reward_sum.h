#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "context/lanes.h"
#include "search/reward/objectives.h"
#include "search/reward/reward_source.h"
#include "search/reward/step_rewards.h"
#include "search/reward/waves.h"
#include "search/slot_ranges.h"

namespace argsearch {

/// The reward models of a search, and the weighted sum of their labels; possibly none. What each source gives is made
/// of what one or two models read (a contrast has a base), and of the policy's own log-probabilities.
///
/// Many slots are spread over several contexts of a model: every token of a context is weighed against every cell of
/// it, those of other slots included, and its sequences are few.
class RewardSum : public StepRewards {
 public:
  /// No contexts are made. `lanes` outlives it. REWARD_HEAD_MISSING, OPTION_INVALID when the weights are not one a
  /// label.
  RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings,
            const std::vector<SlotRange>& ranges, uint32_t context_size, Lanes& lanes);
  /// Makes the contexts, unless they are there: before the first slot begins. What BranchedReward() throws.
  void make_contexts();

  bool empty() const { return readers_.empty(); }
  /// Models that read: of each source its model, and its base where that is a model.
  size_t size() const { return readers_.size(); }
  const Model& model(size_t reader) const { return *readers_[reader].model; }
  RewardKind kind(size_t reader) const { return readers_[reader].kind; }
  size_t n_objectives() const override { return objectives_.size(); }
  size_t length(size_t slot) const override;
  size_t pending(size_t slot) const override { return rewarder(0, slot).pending(slot); }

  /// Some model reads other tokens than the policy's.
  bool retokenises() const;
  /// Rewarder::end_with() of one model.
  void end_with(size_t reader, size_t slot, const std::vector<llama_token>& tokens) {
    rewarder(reader, slot).end_with(slot, tokens);
  }
  /// Rewarder::begin() of one model.
  PrefillCount begin(size_t reader, size_t slot, const std::vector<llama_token>& tokens, size_t most,
                     bool reads_states);

  std::vector<Work> beside_policy(const StepPart& slots) override;
  void open(SlotStep& slot) override;
  const WaveLayout& layout() const override { return layout_; }
  void rate(const std::vector<Wave>& waves) override;
  /// Rewarder::commit() of every model.
  void commit(const StepPart& slots) override;

  void rate_ahead(const std::vector<Window*>& windows) override;
  /// Rewarder::commit_ahead() of every model.
  void commit_ahead(const std::vector<Window*>& windows) override;

  std::vector<double> catch_up(const std::vector<CatchUp>& slots) override;
  std::vector<double> before_last(size_t slot) const override;
  void read_states(const std::vector<size_t>& slots) override;
  const float* state(size_t reader, size_t slot) const override { return rewarder(reader, slot).state(slot); }
  /// Of a model's first label.
  double weight(size_t reader) const { return objectives_.weight(readers_[reader].columns.first); }

  /// Rewarder::read() of every model: a row of n_objectives() values for each token that is read.
  std::vector<double> read(const std::vector<Reading>& drafts);
  /// Rewarder::take() of every model.
  void take(const std::vector<Reading>& drafts);
  void drop(size_t slot, size_t draft);
  double sum(const double* objectives) const override { return objectives_.sum(objectives); }
  const Objectives& objectives() const { return objectives_; }
  void clear(size_t slot);

  /// Of all models together.
  RewarderCounters counters() const;
  /// One a model.
  std::vector<size_t> cache_bytes() const;

 private:
  /// A model that reads, and what its values go into.
  struct Reader {
    std::shared_ptr<const Model> model;
    RewardKind kind;
    /// See RewardSource.
    std::shared_ptr<const Model> writer;
    Objectives::Columns columns;
    /// One a context.
    std::vector<std::unique_ptr<Rewarder>> rewarders;
  };
  /// What the policy thought of the last two tokens that a slot took.
  struct Recent {
    double before = 0;
    double last = 0;
  };
  Rewarder& rewarder(size_t reader, size_t slot) const { return *readers_[reader].rewarders[layout_.context_of(slot)]; }
  /// Of each model and context, what a rewarder gave.
  using Values = std::vector<std::vector<std::vector<double>>>;
  /// Asks the rewarders of these contexts, side by side, and checks what they say.
  Values ask(const std::vector<size_t>& contexts,
             const std::function<std::vector<double>(Rewarder&, size_t context)>& question) const;
  std::vector<double> rows(const Values& values, const std::vector<size_t>& contexts) const;
  void took(const SlotStep& slot);

  ContextSettings settings_;
  std::vector<SlotRange> ranges_;
  Lanes& lanes_;
  uint32_t context_size_;
  WaveLayout layout_;
  Objectives objectives_;
  std::vector<Reader> readers_;
  /// One a slot.
  std::vector<Recent> recent_;
};

}  // namespace argsearch

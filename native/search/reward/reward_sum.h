#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "search/reward/waves.h"

namespace argsearch {

/// A reward model of a search, with one weight a label.
struct RewardSource {
  std::shared_ptr<const Model> model;
  std::vector<double> weights;
};

/// The reward models of a search, and the weighted sum of their labels; possibly none.
///
/// Many slots are spread over several contexts of a model: every token of a context is weighed against every cell of
/// it, those of other slots included, and its sequences are few.
class RewardSum {
 public:
  /// OPTION_INVALID when the weights are not one a label, and what BranchedReward() throws.
  RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings, uint32_t slots,
            uint32_t context_size);

  bool empty() const { return terms_.empty(); }
  size_t size() const { return terms_.size(); }
  const Model& model(size_t term) const { return terms_[term].rewarders[0]->model(); }
  /// Labels of all models.
  size_t n_objectives() const { return n_objectives_; }
  /// Tokens of a slot that the fullest model holds.
  size_t length(size_t slot) const;

  /// Rewarder::begin() of one model.
  PrefillCount begin(size_t term, size_t slot, const std::vector<llama_token>& tokens);

  /// Makes room for what rate() fills in. A slot without rewards, or a search without reward models, has nothing to
  /// wait for.
  void open(SlotStep& slot) const;
  /// next_wave() of the contexts that there are.
  std::optional<Wave> next_wave(Step& step) const;
  /// Fills objectives and rewards of the wave's candidates.
  void rate(const Wave& wave);
  /// Rewarder::commit() of every model, for the slots that are rated.
  void commit(const StepPart& slots);

  /// Rewarder::read() of every model: a row of n_objectives() values for each token that is read.
  std::vector<double> read(const std::vector<Reading>& drafts);
  /// Rewarder::take() of every model.
  void take(const std::vector<Reading>& drafts);
  void drop(size_t slot, size_t draft);
  /// The weighted sum of n_objectives() values. OPTION_INVALID when it is not finite.
  double sum(const double* objectives) const;
  /// Which model each objective is of.
  std::vector<size_t> terms_of_objectives() const;
  void clear(size_t slot);

  /// Of all models together.
  RewarderCounters counters() const;
  /// One a model.
  std::vector<size_t> cache_bytes() const;

 private:
  struct Term {
    /// One a context.
    std::vector<std::unique_ptr<Rewarder>> rewarders;
    std::vector<double> weights;
    /// Column of the first label among the objectives.
    size_t column;
  };
  Rewarder& rewarder(size_t term, size_t slot) const { return *terms_[term].rewarders[layout_.context_of(slot)]; }
  void add(const Term& term, const Wave& wave);
  std::vector<std::vector<Reading>> by_context(const std::vector<Reading>& drafts) const;

  WaveLayout layout_;
  std::vector<Term> terms_;
  size_t n_objectives_ = 0;
};

}  // namespace argsearch

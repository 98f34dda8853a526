#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "search/reward/reward.h"
#include "search/select/select.h"

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
  /// Most slots that share a context.
  static constexpr uint32_t kSlotsPerContext = 16;

  /// OPTION_INVALID when the weights are not one a label, and what Reward() throws.
  RewardSum(const std::vector<RewardSource>& sources, const ContextSettings& settings, uint32_t slots,
            uint32_t context_size);

  bool empty() const { return terms_.empty(); }
  size_t size() const { return terms_.size(); }
  const Model& model(size_t i) const { return terms_[i].rewards[0]->context().model(); }
  /// Labels of all models.
  size_t n_objectives() const { return n_objectives_; }
  /// Tokens that a model holds of a slot, without branches.
  size_t length(size_t i, size_t slot) const { return terms_[i].rewards[context_of(slot)]->size(place_in(slot)); }

  /// Reward::begin() of one model.
  PrefillCount begin(size_t i, size_t slot, const std::vector<llama_token>& tokens);

  struct Request {
    size_t slot;
    Candidates* candidates;
  };
  /// Indices of the requests in groups that score() takes.
  std::vector<std::vector<size_t>> groups(const std::vector<Request>& requests) const;
  /// Fills the candidates' objectives and rewards, NaN without a reward model. The branches stay until commit(), or
  /// until other slots need the room.
  void score(const std::vector<Request>& group);
  /// Reward::commit() of every model.
  void commit(const std::vector<Reward::Choice>& choices);
  void clear(size_t slot);

  uint64_t decodes() const;
  uint64_t tokens() const;
  uint64_t projections() const;
  double decode_ms() const;
  std::vector<size_t> cache_bytes() const;

 private:
  struct Term {
    std::vector<std::unique_ptr<Reward>> rewards;
    std::vector<double> weights;
  };
  size_t context_of(size_t slot) const { return slot / slots_per_context_; }
  size_t place_in(size_t slot) const { return slot % slots_per_context_; }
  void add_term(const Term& term, size_t column, const std::vector<Request>& group);
  template <class Count>
  auto total(Count count) const -> decltype(count(std::declval<const Reward&>())) {
    decltype(count(std::declval<const Reward&>())) sum = 0;
    for (const Term& term : terms_) {
      for (const auto& reward : term.rewards) sum += count(*reward);
    }
    return sum;
  }

  size_t slots_per_context_;
  size_t n_contexts_;
  std::vector<Term> terms_;
  size_t n_objectives_ = 0;
};

}  // namespace argsearch

#pragma once

#include <vector>

#include "search/candidates.h"
#include "search/reward/reward_source.h"

namespace argsearch {

/// What the sources of a search give, label by label, and their weighted sum. The values of several models, and the
/// policy's own log-probabilities, may go into one of them.
class Objectives {
 public:
  /// Where a model's values go: so many from `first` on, with a sign.
  struct Columns {
    size_t first;
    size_t count;
    double sign;
  };

  /// Those of a source, behind the ones before.
  Columns add(const RewardSource& source);

  size_t size() const { return all_.size(); }
  double weight(size_t objective) const { return all_[objective].weight; }
  /// Which source it is of, and whether what it says of a text is the sum over its tokens.
  size_t source(size_t objective) const { return all_[objective].source; }
  bool is_of_tokens(size_t objective) const { return all_[objective].of_tokens; }

  /// A row is of size() values, and begins with zeros; models' values are added, and what the policy itself thinks of
  /// the token where it is one of them.
  void add(const Columns& columns, const double* values, double* row) const;
  void add_policy(double log_prob, double* row) const;
  /// OPTION_INVALID when it is not finite.
  double sum(const double* row) const;

  /// The row of a candidate.
  double* row(Candidates& candidates, size_t rank) const { return &candidates.objectives[rank * size()]; }
  /// It begins with zeros.
  void open_row(Candidates& candidates, size_t rank) const;
  /// All models' values are there: the policy's, and the sum.
  void close_row(Candidates& candidates, size_t rank) const;

 private:
  struct Objective {
    double weight;
    size_t source;
    bool of_tokens;
    /// Of the policy's own log-probability: -1 where it is a base, 0 where it has no part.
    double policy_sign;
  };
  std::vector<Objective> all_;
  size_t sources_ = 0;
};

}  // namespace argsearch

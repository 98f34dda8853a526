#pragma once

#include <optional>
#include <vector>

#include "model/vocabulary.h"
#include "search/settings.h"

namespace argsearch {

/// By id: true for tokens that are never proposed, because a reward model does not know them, or because they end the
/// response. Empty for none.
using Excluded = std::vector<bool>;

/// What the slots of a search never propose.
class Exclusions {
 public:
  /// `policy` outlives it.
  Exclusions(const Vocabulary& policy, const std::vector<const Vocabulary*>& rewards);

  /// Tokens that a reward model lacks; for Ending::kNever those that end a response as well. Valid as long as this.
  const Excluded& of(Ending ending);

 private:
  Excluded with_ends() const;

  const Vocabulary& policy_;
  Excluded unknown_;
  /// Made when it is first asked for.
  std::optional<Excluded> unknown_and_ends_;
};

}  // namespace argsearch

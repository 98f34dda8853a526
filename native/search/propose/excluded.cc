#include "search/propose/excluded.h"

#include "model/vocabulary_match.h"

namespace argsearch {

Exclusions::Exclusions(const Vocabulary& policy, const std::vector<const Vocabulary*>& rewards)
    : policy_(policy), unknown_(lacking(policy, rewards)) {}

const Excluded& Exclusions::of(Ending ending) {
  if (ending != Ending::kNever) return unknown_;
  if (!unknown_and_ends_) unknown_and_ends_ = with_ends();
  return *unknown_and_ends_;
}

Excluded Exclusions::with_ends() const {
  Excluded excluded = unknown_;
  excluded.resize(static_cast<size_t>(policy_.size()));
  for (llama_token token = 0; token < policy_.size(); ++token) {
    if (policy_.ends_generation(token)) excluded[static_cast<size_t>(token)] = true;
  }
  return excluded;
}

}  // namespace argsearch

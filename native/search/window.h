#pragma once

#include <memory>
#include <vector>

#include "search/step.h"

namespace argsearch {

/// Steps of one slot that are rated together: each lies behind the leads of those before it, a lead being a step's
/// likeliest candidate. Those up to the first that departs from its lead are taken.
struct Window {
  std::vector<SlotStep> steps;
  /// What proposed the steps behind the first, whose proposer is the slot's.
  std::vector<std::unique_ptr<Proposer>> proposers;
  /// Most steps it is to have.
  size_t length = 1;
  size_t taken = 0;

  size_t slot() const { return steps[0].slot; }
  llama_token lead(size_t step) const { return steps[step].candidates.tokens[0]; }
  const SlotStep& last_taken() const { return steps[taken - 1]; }
  /// Tokens taken that are leads: all, or all but the last.
  size_t leads_taken() const { return *last_taken().chosen == 0 ? taken : taken - 1; }

  size_t n_candidates() const { return n_candidates(steps.size()); }
  /// Those of so many of its first steps.
  size_t n_candidates(size_t of) const {
    size_t count = 0;
    for (size_t step = 0; step < of; ++step) count += steps[step].candidates.size();
    return count;
  }
  /// The last candidate taken: its place among all of the window.
  size_t last_place() const { return n_candidates(taken - 1) + *last_taken().chosen; }
};

inline size_t n_candidates(const std::vector<Window*>& windows) {
  size_t count = 0;
  for (const Window* window : windows) count += window->n_candidates();
  return count;
}

}  // namespace argsearch

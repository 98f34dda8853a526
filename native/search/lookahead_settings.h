#pragma once

#include <cstddef>
#include <cstdint>

namespace argsearch {

/// How far a slot looks ahead, and how far it may at all.
struct LookaheadSettings {
  /// Most steps of a window; 1: none is looked ahead to.
  size_t steps = 1;
  /// As many of them as pay, by what decodes have cost and how often the policy's likeliest token was taken.
  bool adapts = false;
  /// Most tokens of the response.
  size_t longest = SIZE_MAX;

  bool any() const { return steps > 1; }
};

}  // namespace argsearch

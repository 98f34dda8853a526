#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argsearch {

/// Neighbouring slots that share a context, from `first` on.
struct SlotRange {
  size_t first = 0;
  uint32_t count = 1;
};

/// All slots (at least one), in as few ranges of `most` as hold them, none longer than the first.
inline std::vector<SlotRange> slot_ranges(uint32_t slots, uint32_t most) {
  const auto divide_up = [](uint32_t a, uint32_t b) { return (a + b - 1) / b; };
  const uint32_t length = divide_up(slots, divide_up(slots, most));
  std::vector<SlotRange> ranges;
  for (uint32_t first = 0; first < slots; first += length) ranges.push_back({first, std::min(length, slots - first)});
  return ranges;
}

}  // namespace argsearch

#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace argsearch {

/// How many threads decodes should have, by the time that they take.
///
/// ggml's threads wait for each other after every operation of a graph. Where another process has a core, all wait for
/// the thread that lost it, and fewer threads are faster. Nothing is tried while times are steady: on a quiet machine
/// all threads compute. When they are not, some decodes are given fewer, and more again from time to time.
class ThreadCount {
 public:
  /// At most so many.
  explicit ThreadCount(int most);

  /// Of the next decode.
  int threads() const { return numbers_[trial_ ? trial_->place : place_]; }

  /// A decode with threads() took so long. Decodes of one source (a context) and of as many tokens are compared with
  /// each other; those of prompts, with more than kMostTokens, are left out.
  void decoded(const void* source, size_t tokens, double ms);

  /// There are no others than all: never again another number.
  void stay();

  static constexpr size_t kMostTokens = 64;

 private:
  /// What is known of decodes of a source and size, with the number of threads that is settled.
  struct Kind {
    double last_ms = 0;
    double mean_ms = 0;
    size_t count = 0;
    /// Decodes of all kinds before the last of this.
    uint64_t seen_at = 0;
  };
  struct Trial {
    size_t place;
    /// Decodes that could be compared, and all.
    size_t compared = 0;
    size_t decodes = 0;
    double ms = 0;
    /// What they would have taken with the number that is settled.
    double expected_ms = 0;
  };
  using Kinds = std::map<std::pair<const void*, size_t>, Kind>;

  void watch(Kind& kind, double ms);
  void choose_trial();
  void compare(const Kind* known, double ms);
  void end_trial(bool pays);

  /// From most to 1.
  std::vector<int> numbers_;
  size_t place_ = 0;
  std::optional<Trial> trial_;
  Kinds kinds_;
  /// Of the last decodes that could tell: did time jump?
  std::bitset<16> jumps_;
  uint64_t decodes_ = 0;
  /// Decodes since a number was settled, or a trial failed; how many there have to be before the next trial.
  uint64_t since_trial_ = 0;
  uint64_t wait_for_fewer_ = 0;
  uint64_t wait_for_more_ = 0;
  /// Trials of fewer that did not pay, since a number was settled.
  size_t failures_ = 0;
};

}  // namespace argsearch

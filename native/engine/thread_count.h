#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace argsearch {

/// A decode, and what it took.
struct TimedDecode {
  /// A context.
  const void* source;
  size_t tokens;
  double ms;
  /// Of them the calling thread had a core, as far as the system tells; it never waits but by spinning.
  double core_ms;
  /// It rounds by the number of threads.
  bool delicate;
};

/// How many threads decodes should have, by the time that they take.
///
/// ggml's threads wait for each other after every operation of a graph. Where another process has a core, all wait for
/// the thread that lost it, and fewer threads are faster. Nothing is tried while times are steady: on a quiet machine
/// all threads compute. When they are not, some decodes are given fewer, and more again from time to time. Delicate
/// decodes keep all threads, unless fewer are several times as fast.
class ThreadCount {
 public:
  /// At most so many.
  explicit ThreadCount(int most);

  /// Of the next decode.
  int threads(bool delicate) const;

  /// A decode with threads(). Those of one source and of as many tokens are compared with each other; those of prompts,
  /// with more than kMostTokens, are left out.
  void decoded(const TimedDecode& decode);

  /// There are no others than all: never again another number.
  void stay();

  static constexpr size_t kMostTokens = 64;

 private:
  /// What is known of decodes of a source and size, with the number of threads that is settled.
  struct Kind {
    double last_ms = 0;
    double mean_ms = 0;
    /// Lately.
    double least_ms = 0;
    size_t count = 0;
    /// Decodes of all kinds before the last of this.
    uint64_t seen_at = 0;
  };
  struct Trial {
    size_t place;
    /// There are hardly any others.
    bool of_delicate;
    bool takes(bool delicate) const { return of_delicate || !delicate; }
    /// Decodes that could be compared, and all.
    size_t compared = 0;
    size_t decodes = 0;
    double ms = 0;
    /// What they would have taken with the number that is settled.
    double expected_ms = 0;
  };
  using Kinds = std::map<std::pair<const void*, size_t>, Kind>;

  bool keeps_all(bool delicate) const;
  bool only_delicate() const;
  void watch_with_all(const TimedDecode& decode);
  static double lost(Kind& kind, const TimedDecode& decode);
  void watch(Kind& kind, const TimedDecode& decode);
  void choose_trial(bool delicate);
  void compare(const Kind* known, double ms);
  void end_trial(bool pays);
  void be_patient();
  void settle(size_t place);
  void watch_anew();

  /// From most to 1.
  std::vector<int> numbers_;
  size_t place_ = 0;
  /// How many times as fast as all threads those are that are settled.
  double gain_ = 1;
  std::optional<Trial> trial_;
  Kinds kinds_;
  /// Of the last decodes that could tell: did time jump, or was the core another's?
  std::bitset<16> troubles_;
  /// Milliseconds that others took, of about as many decodes.
  double lost_ms_ = 0;
  /// The same of delicate ones that have all threads where others have fewer.
  double lost_with_all_ms_ = 0;
  uint64_t decodes_ = 0;
  /// The last that was not delicate.
  uint64_t plain_seen_at_ = 0;
  /// Decodes and milliseconds since a number was settled, or a trial failed; how many there have to be before the next.
  uint64_t since_trial_ = 0;
  double ms_since_trial_ = 0;
  uint64_t wait_for_fewer_ = 0;
  uint64_t wait_for_more_ = 0;
  /// Or so long: as many decodes took that before the last trial.
  double wait_for_fewer_ms_ = 0;
  /// And so long before more are tried.
  double patience_ms_ = 0;
  /// Trials of fewer that did not pay, since a number was settled.
  size_t failures_ = 0;
};

}  // namespace argsearch

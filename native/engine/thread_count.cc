#include "engine/thread_count.h"

#include <algorithm>

namespace argsearch {
namespace {

/// Times that differ so much from one decode to the next of its kind are no longer prefix, nor noise of a quiet
/// machine; an outlier is two of them, a longer prompt one.
constexpr double kJump = 1.5;
/// Of the last 16. Beside a process that takes one of two cores there are 4 to 12, without it 0 to 4.
constexpr size_t kTrouble = 6;
/// A longer time ago its prefix was another one.
constexpr uint64_t kRecent = 16;

/// Decodes of a trial that are compared, and most in all.
constexpr size_t kTrial = 8;
constexpr size_t kLongestTrial = 4 * kTrial;
/// Fewer threads have to be faster by so much; more, no slower.
constexpr double kPays = 0.9;

/// Decodes between trials; they double when trials fail.
constexpr uint64_t kFirstWaitForFewer = 64;
constexpr uint64_t kLastWaitForFewer = 1024;
constexpr uint64_t kFirstWaitForMore = 128;
constexpr uint64_t kLastWaitForMore = 256;

/// About so many decodes are in a mean.
constexpr size_t kMeanOf = 8;

int fewer(int threads) { return threads <= 4 ? threads - 1 : threads * 3 / 4; }

}  // namespace

ThreadCount::ThreadCount(int most) {
  for (int threads = std::max(most, 1); threads > 0; threads = fewer(threads)) numbers_.push_back(threads);
}

void ThreadCount::stay() {
  numbers_.resize(1);
  place_ = 0;
  trial_.reset();
}

void ThreadCount::decoded(const void* source, size_t tokens, double ms) {
  if (tokens > kMostTokens || numbers_.size() < 2) return;
  ++decodes_;
  if (trial_) {
    const auto found = kinds_.find({source, tokens});
    return compare(found != kinds_.end() ? &found->second : nullptr, ms);
  }
  watch(kinds_[{source, tokens}], ms);
  choose_trial();
}

void ThreadCount::watch(Kind& kind, double ms) {
  ++since_trial_;
  if (kind.count > 0 && decodes_ - kind.seen_at <= kRecent) {
    jumps_ <<= 1;
    jumps_[0] = std::max(ms, kind.last_ms) > kJump * std::min(ms, kind.last_ms);
  }
  ++kind.count;
  kind.mean_ms += (ms - kind.mean_ms) / static_cast<double>(std::min(kind.count, kMeanOf));
  kind.last_ms = ms;
  kind.seen_at = decodes_;
}

void ThreadCount::choose_trial() {
  const bool trouble = jumps_.count() >= kTrouble;
  if (trouble && place_ + 1 < numbers_.size() && since_trial_ >= wait_for_fewer_) {
    // Where half of the cores are taken, a thread less is no gain, and half of them are.
    trial_ = Trial{place_ + 1 + failures_ % (numbers_.size() - 1 - place_)};
  } else if (place_ > 0 && since_trial_ >= wait_for_more_) {
    trial_ = Trial{place_ - 1};
  }
}

void ThreadCount::compare(const Kind* known, double ms) {
  Trial& trial = *trial_;
  ++trial.decodes;
  if (known != nullptr) {
    ++trial.compared;
    trial.ms += ms;
    trial.expected_ms += known->mean_ms;
  }
  const double limit = (trial.place > place_ ? kPays : 1.0) * trial.expected_ms;
  if (trial.compared >= kTrial) return end_trial(trial.ms <= limit);
  // What the whole trial may take has gone already.
  const bool lost = trial.ms * static_cast<double>(trial.compared) > limit * kTrial;
  if (lost || trial.decodes >= kLongestTrial) end_trial(false);
}

void ThreadCount::end_trial(bool pays) {
  const bool to_fewer = trial_->place > place_;
  if (pays) {
    place_ = trial_->place;
    kinds_.clear();
    failures_ = 0;
    wait_for_fewer_ = 0;
    wait_for_more_ = kFirstWaitForMore;
  } else if (to_fewer) {
    ++failures_;
    wait_for_fewer_ = std::clamp(2 * wait_for_fewer_, kFirstWaitForFewer, kLastWaitForFewer);
  } else {
    wait_for_more_ = std::min(2 * wait_for_more_, kLastWaitForMore);
  }
  trial_.reset();
  jumps_.reset();
  since_trial_ = 0;
}

}  // namespace argsearch

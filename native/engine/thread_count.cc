#include "engine/thread_count.h"

#include <algorithm>

namespace argsearch {
namespace {

/// Times that differ so much from one decode to the next of its kind are no longer prefix, nor noise of a quiet
/// machine; an outlier is two of them, a longer prompt one.
constexpr double kJump = 1.5;
/// So much of a decode without a core is another process's doing.
constexpr double kStarved = 0.25;
/// Of the last 16. Beside a process that takes one of two cores there are 4 to 12, without it 0 to 4.
constexpr size_t kTrouble = 6;
/// Or so many milliseconds that others took: with all cores taken a decode may take seconds.
constexpr double kMuchLost = 1000;
/// So many times what a decode of its kind took, the rest is others'. No prompt is so much longer than the last.
constexpr double kFarMore = 5;
/// Decodes in which the least is forgotten, about.
constexpr double kLeastOf = 50;
/// A longer time ago its prefix was another one.
constexpr uint64_t kRecent = 16;

/// So many delicate decodes in a row are a search that has no others.
constexpr uint64_t kAlone = 4;

/// Decodes of a trial that are compared, and most in all.
constexpr size_t kTrial = 8;
constexpr size_t kShortestTrial = 2;
constexpr size_t kLongestTrial = 4 * kTrial;
/// Fewer threads have to be faster by so much; more, no slower.
constexpr double kPays = 0.9;
/// So many times as fast, and delicate decodes have fewer threads, too.
constexpr double kCollapse = 3;

/// Decodes between trials; they double when trials fail.
constexpr uint64_t kFirstWaitForFewer = 64;
constexpr uint64_t kLastWaitForFewer = 1024;
constexpr uint64_t kFirstWaitForMore = 16;
constexpr uint64_t kLastWaitForMore = 256;
/// Milliseconds before more are tried where all took seconds; they double each time, and are forgotten after so many
/// decodes with all.
constexpr double kFirstPatience = 500;
constexpr double kLastPatience = 60'000;
constexpr uint64_t kForgiven = 2000;

/// About so many decodes are in a mean.
constexpr size_t kMeanOf = 8;

/// Of the last 16 decodes, about.
void add_lost(double& lost_ms, double ms) { lost_ms += ms - lost_ms / 16; }

int fewer(int threads) { return threads <= 4 ? threads - 1 : threads * 3 / 4; }

}  // namespace

ThreadCount::ThreadCount(int most) {
  for (int threads = std::max(most, 1); threads > 0; threads = fewer(threads)) numbers_.push_back(threads);
}

int ThreadCount::threads(bool delicate) const {
  if (trial_ && trial_->takes(delicate)) return numbers_[trial_->place];
  return numbers_[keeps_all(delicate) ? 0 : place_];
}

bool ThreadCount::keeps_all(bool delicate) const { return delicate && gain_ < kCollapse; }

bool ThreadCount::only_delicate() const { return decodes_ - plain_seen_at_ > kAlone; }

void ThreadCount::stay() {
  numbers_.resize(1);
  place_ = 0;
  trial_.reset();
}

void ThreadCount::decoded(const TimedDecode& decode) {
  if (decode.tokens > kMostTokens || numbers_.size() < 2) return;
  ++decodes_;
  ms_since_trial_ += decode.ms;
  if (!decode.delicate) plain_seen_at_ = decodes_;
  if (trial_) {
    const auto found = kinds_.find({decode.source, decode.tokens});
    const bool comparable = found != kinds_.end() && trial_->takes(decode.delicate);
    return compare(comparable ? &found->second : nullptr, decode.ms);
  }
  if (place_ > 0 && keeps_all(decode.delicate)) return watch_with_all(decode);
  watch(kinds_[{decode.source, decode.tokens}], decode);
  choose_trial(decode.delicate);
}

/// Decodes that keep all threads, while others have fewer.
void ThreadCount::watch_with_all(const TimedDecode& decode) {
  add_lost(lost_with_all_ms_, lost(kinds_[{decode.source, decode.tokens}], decode));
  if (lost_with_all_ms_ >= kMuchLost) {
    gain_ = kCollapse;
    kinds_.clear();
  } else if (only_delicate()) {
    settle(0);
  }
}

/// Milliseconds that others took: the calling thread's core, or, as far as the time tells, another's.
double ThreadCount::lost(Kind& kind, const TimedDecode& decode) {
  const double least = kind.least_ms * (1 + 1 / kLeastOf);
  kind.least_ms = kind.least_ms == 0 ? decode.ms : std::min(least, decode.ms);
  const double far = decode.ms > kFarMore * kind.least_ms ? decode.ms - kind.least_ms : 0;
  return std::max(decode.ms - decode.core_ms, far);
}

void ThreadCount::watch(Kind& kind, const TimedDecode& decode) {
  const double ms = decode.ms;
  ++since_trial_;
  const double lost_ms = lost(kind, decode);
  const bool starved = lost_ms > kStarved * ms;
  const bool recent = kind.count > 0 && decodes_ - kind.seen_at <= kRecent;
  if (recent || starved) {
    troubles_ <<= 1;
    troubles_[0] = starved || std::max(ms, kind.last_ms) > kJump * std::min(ms, kind.last_ms);
  }
  add_lost(lost_ms_, lost_ms);
  if (place_ == 0 && since_trial_ >= kForgiven) patience_ms_ = 0;
  ++kind.count;
  kind.mean_ms += (ms - kind.mean_ms) / static_cast<double>(std::min(kind.count, kMeanOf));
  kind.last_ms = ms;
  kind.seen_at = decodes_;
}

/// After a decode that can be compared, or cannot.
void ThreadCount::choose_trial(bool delicate) {
  const bool trouble = troubles_.count() >= kTrouble || lost_ms_ >= kMuchLost;
  const bool of_delicate = only_delicate();
  if (delicate && !of_delicate) return;
  const bool waited = since_trial_ >= wait_for_fewer_ || ms_since_trial_ >= wait_for_fewer_ms_;
  if (trouble && place_ + 1 < numbers_.size() && waited) {
    // Where half of the cores are taken, a thread less is no gain, and half of them are.
    trial_ = Trial{place_ + 1 + failures_ % (numbers_.size() - 1 - place_), of_delicate};
  } else if (place_ > 0 && since_trial_ >= wait_for_more_ && ms_since_trial_ >= patience_ms_) {
    trial_ = Trial{place_ - 1, of_delicate};
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
  const double pays = trial.of_delicate ? 1 / kCollapse : kPays;
  const double limit = (trial.place > place_ ? pays : 1.0) * trial.expected_ms;
  if (trial.compared >= kTrial) return end_trial(trial.ms <= limit);
  if (trial.compared >= kShortestTrial && trial.ms <= trial.expected_ms / kCollapse) return end_trial(true);
  // What the whole trial may take has gone already.
  const bool lost = trial.ms * static_cast<double>(trial.compared) > limit * kTrial;
  if (lost || trial.decodes >= kLongestTrial) end_trial(false);
}

void ThreadCount::end_trial(bool pays) {
  const Trial trial = *trial_;
  const bool to_fewer = trial.place > place_;
  if (pays) {
    const double gain = trial.expected_ms / trial.ms;
    if (to_fewer) gain_ *= gain;
    if (to_fewer && gain >= kCollapse) be_patient();
    return settle(trial.place);
  }
  if (to_fewer) {
    ++failures_;
    wait_for_fewer_ = std::clamp(2 * wait_for_fewer_, kFirstWaitForFewer, kLastWaitForFewer);
    const double decode_ms = trial.expected_ms / static_cast<double>(std::max<size_t>(trial.compared, 1));
    wait_for_fewer_ms_ = static_cast<double>(wait_for_fewer_) * decode_ms;
  } else {
    wait_for_more_ = std::min(2 * wait_for_more_, kLastWaitForMore);
    if (trial.ms - trial.expected_ms >= kMuchLost) be_patient();
  }
  watch_anew();
}

/// All threads took seconds, or many times as long.
void ThreadCount::be_patient() { patience_ms_ = std::clamp(2 * patience_ms_, kFirstPatience, kLastPatience); }

void ThreadCount::settle(size_t place) {
  place_ = place;
  if (place == 0) gain_ = 1;
  kinds_.clear();
  failures_ = 0;
  wait_for_fewer_ = 0;
  wait_for_fewer_ms_ = 0;
  wait_for_more_ = kFirstWaitForMore;
  watch_anew();
}

void ThreadCount::watch_anew() {
  trial_.reset();
  troubles_.reset();
  lost_ms_ = 0;
  lost_with_all_ms_ = 0;
  since_trial_ = 0;
  ms_since_trial_ = 0;
}

}  // namespace argsearch

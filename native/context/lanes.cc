#include "context/lanes.h"

#include <algorithm>
#include <system_error>

namespace argsearch {
namespace {

/// While it lives, the contexts of a round have so many threads each.
class Shares {
 public:
  Shares(const std::vector<Work>& round, size_t threads) : round_(round) {
    try {
      for (const Work& work : round) work.context->use_threads(static_cast<int>(threads));
    } catch (...) {
      end();
      throw;
    }
  }
  ~Shares() { end(); }
  Shares(const Shares&) = delete;
  Shares& operator=(const Shares&) = delete;

 private:
  void end() {
    for (const Work& work : round_) work.context->share_threads();
  }
  const std::vector<Work>& round_;
};

}  // namespace

Lanes::Lanes(const ContextSettings& settings)
    : threads_(static_cast<size_t>(std::max(settings.threads, 1))), shared_threads_(settings.shared_threads) {}

Lanes::~Lanes() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
  }
  begins_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void Lanes::run(const std::vector<Work>& round) {
  const bool on_cpu =
      std::all_of(round.begin(), round.end(), [](const Work& work) { return work.context->model().is_on_cpu(); });
  const size_t lanes = on_cpu ? std::min(round.size(), threads_) : 1;
  if (lanes > 1) return run_side_by_side(round, lanes);
  for (const Work& work : round) work.act();
}

void Lanes::run_side_by_side(const std::vector<Work>& round, size_t lanes) {
  if (shared_threads_) shared_threads_->rest();
  const Shares shares(round, threads_ / lanes);
  start(lanes - 1);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    round_ = &round;
    lanes_ = lanes;
    next_ = 0;
    left_ = round.size();
    failures_.assign(round.size(), nullptr);
  }
  begins_.notify_all();
  work_off();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    ends_.wait(lock, [this] { return left_ == 0; });
    round_ = nullptr;
  }
  for (const std::exception_ptr& failure : failures_) {
    if (failure) std::rethrow_exception(failure);
  }
}

void Lanes::start(size_t helpers) {
  try {
    while (helpers_.size() < helpers) helpers_.emplace_back([this, number = helpers_.size()] { help(number); });
  } catch (const std::system_error&) {
    // The system gives no more threads; those that there are do the work.
  }
}

void Lanes::help(size_t helper) {
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      // A round may be of fewer lanes than there are helpers.
      const auto called = [&] { return round_ != nullptr && helper + 1 < lanes_ && next_ < round_->size(); };
      begins_.wait(lock, [&] { return closing_ || called(); });
      if (closing_) return;
    }
    work_off();
  }
}

void Lanes::work_off() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (round_ != nullptr && next_ < round_->size()) {
    const size_t number = next_++;
    lock.unlock();
    act(number);
    lock.lock();
    if (--left_ == 0) ends_.notify_one();
  }
}

/// Between two locks nobody changes the round.
void Lanes::act(size_t number) {
  try {
    (*round_)[number].act();
  } catch (...) {
    failures_[number] = std::current_exception();
  }
}

}  // namespace argsearch

#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#if defined(__GLIBCXX__) && defined(__GLIBC__)
// GCC 12 gave this function a new version that differs in nothing but its name. By the old one the addon loads wherever
// the engine does: also on Red Hat 9 and Amazon Linux 2023, whose libstdc++ is GCC 11's.
__asm__(
    ".symver _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE, "
    "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");
#endif

namespace argsearch {

/// A thread that runs tasks in the order they were posted. Tasks must not throw.
class Worker {
 public:
  /// `on_idle` runs on the thread whenever it has had nothing to do for kPatience.
  explicit Worker(std::function<void()> on_idle = nullptr) : on_idle_(std::move(on_idle)), thread_([this] { run(); }) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// False, and the task dropped, once stopping has begun.
  bool post(std::function<void()> task) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return false;
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return true;
  }

  /// Runs what was posted, then ends the thread. Not to be called from a task.
  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  /// As long as JavaScript takes from one step to the next, and then some.
  static constexpr std::chrono::milliseconds kPatience{2};

  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      const auto due = [this] { return stopping_ || !tasks_.empty(); };
      if (on_idle_ && !wake_.wait_for(lock, kPatience, due)) {
        lock.unlock();
        on_idle_();
        lock.lock();
      }
      wake_.wait(lock, due);
      if (tasks_.empty()) return;
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::function<void()> on_idle_;
  std::thread thread_;
};

}  // namespace argsearch

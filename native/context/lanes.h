#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "context/context.h"

namespace argsearch {

/// Something to do that no other work of the same round touches, but for `context`'s model.
struct Work {
  Context* context;
  std::function<void()> act;
};

/// Contexts of a search that decode side by side, each with its share of the threads.
///
/// A small batch keeps few threads busy: they wait for each other after every operation of the graph. Batches that
/// depend on nothing of each other had better have a thread each. On a GPU they take turns.
class Lanes {
 public:
  /// Of contexts that are made with these settings. Starts no thread.
  explicit Lanes(const ContextSettings& settings);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Those that are shared among what runs side by side.
  size_t threads() const { return threads_; }

  /// Returns when all is done. What is thrown by the first that fails, after the others have come to an end, too.
  void run(const std::vector<Work>& round);

 private:
  void run_side_by_side(const std::vector<Work>& round, size_t lanes);
  void start(size_t helpers);
  void help(size_t helper);
  void work_off();
  void act(size_t number);

  size_t threads_;
  std::shared_ptr<SharedThreads> shared_threads_;

  std::mutex mutex_;
  std::condition_variable begins_;
  std::condition_variable ends_;
  /// The round under way, and how far it has come. Guarded by the mutex.
  const std::vector<Work>* round_ = nullptr;
  size_t lanes_ = 0;
  size_t next_ = 0;
  size_t left_ = 0;
  std::vector<std::exception_ptr> failures_;
  bool closing_ = false;
  std::vector<std::thread> helpers_;
};

}  // namespace argsearch

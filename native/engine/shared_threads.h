#pragma once

#include <map>
#include <memory>

#include "engine/thread_count.h"
#include "engine/threadpool.h"

namespace argsearch {

/// The compute threads that the contexts of one search share, one decode at a time: as many as pay, see ThreadCount.
///
/// Idle workers of a pool spin, so that fewer threads are a smaller pool. Pools stay until the end: ggml's CPU backends
/// remember the one that they used last, and pause it when they get another.
class SharedThreads {
 public:
  struct Team {
    int threads;
    /// Null for one thread.
    ggml_threadpool* pool;
    bool operator==(const Team& other) const { return threads == other.threads && pool == other.pool; }
  };

  /// At most so many threads. Null where Threadpool::create() gives none; throws as it does.
  static std::shared_ptr<SharedThreads> create(int threads);
  /// Always those of this pool, which may be null: then null.
  static std::shared_ptr<SharedThreads> always(int threads, std::shared_ptr<Threadpool> pool);

  /// Who computes next; the others rest. `delicate`: what rounds by the number of threads.
  Team team(bool delicate = false);
  Team all();
  /// A decode by team() took so long, see ThreadCount.
  void decoded(const TimedDecode& decode) { count_.decoded(decode); }

  /// Nothing is decoded for a while. Never while a context decodes with these threads.
  void rest();

 private:
  SharedThreads(int threads, std::shared_ptr<Threadpool> pool);
  Team call(int threads);
  Threadpool* pool_of(int threads);

  int most_;
  ThreadCount count_;
  /// By how many threads they have.
  std::map<int, std::shared_ptr<Threadpool>> pools_;
  /// The one that was called last.
  Threadpool* awake_ = nullptr;
};

}  // namespace argsearch

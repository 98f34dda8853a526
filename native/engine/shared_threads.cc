#include "engine/shared_threads.h"

#include <utility>

#include "error.h"

namespace argsearch {

std::shared_ptr<SharedThreads> SharedThreads::create(int threads) {
  std::shared_ptr<Threadpool> pool = Threadpool::create(threads);
  return pool ? std::shared_ptr<SharedThreads>(new SharedThreads(threads, std::move(pool))) : nullptr;
}

std::shared_ptr<SharedThreads> SharedThreads::always(int threads, std::shared_ptr<Threadpool> pool) {
  if (!pool) return nullptr;
  std::shared_ptr<SharedThreads> made(new SharedThreads(threads, std::move(pool)));
  made->count_.stay();
  return made;
}

SharedThreads::SharedThreads(int threads, std::shared_ptr<Threadpool> pool) : most_(threads), count_(threads) {
  pools_[threads] = std::move(pool);
}

SharedThreads::Team SharedThreads::team(bool delicate) {
  try {
    return call(count_.threads(delicate));
  } catch (const Error&) {
    // The system gives no more threads; those that there are do the work.
    count_.stay();
    return all();
  }
}

SharedThreads::Team SharedThreads::all() { return call(most_); }

SharedThreads::Team SharedThreads::call(int threads) {
  Threadpool* pool = pool_of(threads);
  if (awake_ != nullptr && awake_ != pool) awake_->rest();
  awake_ = pool;
  return {threads, pool != nullptr ? pool->handle() : nullptr};
}

Threadpool* SharedThreads::pool_of(int threads) {
  if (threads < 2) return nullptr;
  std::shared_ptr<Threadpool>& pool = pools_[threads];
  if (!pool) pool = Threadpool::create(threads);
  return pool.get();
}

void SharedThreads::rest() {
  if (awake_ != nullptr) awake_->rest();
}

}  // namespace argsearch

#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "addon/async.h"
#include "addon/cancel_handle.h"
#include "addon/environment.h"
#include "addon/free_memory.h"
#include "addon/worker.h"
#include "context/context.h"

namespace argsearch {

/// A native object with a thread of its own: calls run there in order, dispose() drains them, and an environment that
/// goes away ends them early.
template <class T>
class Session : public Closable {
 public:
  using Counters = decltype(std::declval<const T&>().counters());

  /// `threads`, which may be null, rest while nothing is called.
  Session(Environment& environment, std::unique_ptr<T> object, std::shared_ptr<Interrupt> interrupt,
          std::shared_ptr<SharedThreads> threads)
      : Closable(environment),
        object_(std::move(object)),
        interrupt_(std::move(interrupt)),
        worker_(threads ? [threads] { threads->rest(); } : std::function<void()>()) {}
  // Explicit, because the worker must be joined before the members it uses go.
  ~Session() override { end(); }

  /// Runs `work` on the session's thread. `self` is the JavaScript object, kept reachable until then.
  Napi::Promise run(Napi::Env env, Napi::Object self, CancelHandle::Flag cancel, std::function<Answer(T&)> work) {
    return run_async(env, worker_, self, [this, cancel, work = std::move(work)] {
      const CancelScope scope(*interrupt_, cancel.get());
      const CountersScope counters(*this);
      if (!object_) throw Error(ErrorCode::kDisposed, "the object has been disposed.");
      return work(*object_);
    });
  }

  /// Drains, frees, then resolves. Until then the environment still knows the session, to join its thread.
  Napi::Promise dispose(Napi::Env env, Napi::Object self) {
    if (ended_) {
      const auto deferred = Napi::Promise::Deferred::New(env);
      deferred.Resolve(env.Undefined());
      return deferred.Promise();
    }
    return run_async(
        env, worker_, self,
        [this] {
          object_.reset();
          return_freed_memory();
          return true;
        },
        [this](Napi::Env js, bool) {
          close();
          return js.Undefined();
        });
  }

  Counters counters() const {
    const std::lock_guard<std::mutex> lock(counters_mutex_);
    return counters_;
  }

  void close() override {
    detach();
    end();
  }

 private:
  class CancelScope {
   public:
    CancelScope(Interrupt& interrupt, const std::atomic<bool>* flag) : interrupt_(interrupt) {
      interrupt_.cancel = flag;
    }
    ~CancelScope() { interrupt_.cancel = nullptr; }
    CancelScope(const CancelScope&) = delete;
    CancelScope& operator=(const CancelScope&) = delete;

   private:
    Interrupt& interrupt_;
  };

  /// Publishes the object's counters when a call ends, for the JavaScript thread to read.
  class CountersScope {
   public:
    explicit CountersScope(Session& session) : session_(session) {}
    ~CountersScope() {
      if (!session_.object_) return;
      const std::lock_guard<std::mutex> lock(session_.counters_mutex_);
      session_.counters_ = session_.object_->counters();
    }
    CountersScope(const CountersScope&) = delete;
    CountersScope& operator=(const CountersScope&) = delete;

   private:
    Session& session_;
  };

  void end() {
    ended_ = true;
    interrupt_->closing = true;
    worker_.stop();
    object_.reset();
  }

  bool ended_ = false;
  std::unique_ptr<T> object_;
  std::shared_ptr<Interrupt> interrupt_;
  mutable std::mutex counters_mutex_;
  Counters counters_{};
  Worker worker_;
};

}  // namespace argsearch

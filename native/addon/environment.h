#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "addon/worker.h"
#include "error.h"

namespace argsearch {

class Environment;

/// Something native that must be gone before its JavaScript environment is.
class Closable {
 public:
  explicit Closable(Environment& environment);
  virtual ~Closable() { detach(); }
  Closable(const Closable&) = delete;
  Closable& operator=(const Closable&) = delete;
  /// Ends running work early, joins its thread, frees what it holds. On the JavaScript thread; twice is fine.
  virtual void close() = 0;

 protected:
  /// The environment no longer needs to close it.
  void detach();

 private:
  Environment* environment_;
};

/// The way from any native thread to one environment's JavaScript thread. Outlives the environment: later posts are
/// dropped.
class Channel {
 public:
  static std::shared_ptr<Channel> create(Napi::Env env);

  /// Runs `task` on the JavaScript thread, soon. From any thread. False when the environment is going away.
  bool post(std::function<void(Napi::Env)> task);

  // While work is pending the event loop must stay alive. JavaScript thread only.
  void work_started();
  void work_finished();

  /// No task runs after this. JavaScript thread only.
  void close();

  /// A JavaScript function that any thread may drop; it is called through post() only.
  using Function = std::shared_ptr<Napi::FunctionReference>;
  static Function hold(const std::shared_ptr<Channel>& channel, Napi::Function function);

 private:
  explicit Channel(napi_env env) : env_(env) {}
  static void drain(napi_env env, napi_value callback, void* context, void* data);

  napi_env env_;
  napi_threadsafe_function function_ = nullptr;
  std::mutex mutex_;
  std::vector<std::function<void(Napi::Env)>> tasks_;
  bool closed_ = false;
  size_t pending_ = 0;
};

/// What the addon keeps for each JavaScript environment (the main thread, each worker thread).
class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  const std::shared_ptr<Channel>& channel() const { return channel_; }
  /// The thread that loads models and makes contexts.
  Worker& loader() { return *loader_; }
  /// True once the environment is going away: what the loader runs should end.
  const std::atomic<bool>& closing() const { return closing_; }

  void add(Closable* object) { objects_.insert(object); }
  void remove(Closable* object) { objects_.erase(object); }

  /// Ends everything that runs and frees every object. Later calls find them disposed.
  void shutdown();

  Napi::FunctionReference model_class;
  Napi::FunctionReference search_class;
  Napi::FunctionReference scorer_class;
  Napi::FunctionReference embedder_class;
  Napi::FunctionReference prefix_reader_class;
  Napi::FunctionReference cancel_class;

 private:
  static void on_env_end(void* self);

  napi_env env_;
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<Worker> loader_;
  std::atomic<bool> closing_{false};
  std::set<Closable*> objects_;
};

}  // namespace argsearch

#include "addon/environment.h"

#include "engine/log.h"

namespace argsearch {

Closable::Closable(Environment& environment) : environment_(&environment) { environment.add(this); }

void Closable::detach() {
  if (environment_ != nullptr) environment_->remove(this);
  environment_ = nullptr;
}

std::shared_ptr<Channel> Channel::create(Napi::Env env) {
  const std::shared_ptr<Channel> channel(new Channel(env));
  // Node may still drain the function when everybody else has let go of the channel, so it holds a share of its own.
  auto share = std::make_unique<std::shared_ptr<Channel>>(channel);
  const auto release = [](napi_env, void* data, void*) {
    const std::unique_ptr<std::shared_ptr<Channel>> owned(static_cast<std::shared_ptr<Channel>*>(data));
  };
  const napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "argsearch"), 0, 1, share.get(),
                                      release, channel.get(), drain, &channel->function_);
  if (status != napi_ok) throw Error(ErrorCode::kOutOfMemory, "no thread-safe function could be made.");
  static_cast<void>(share.release());
  napi_unref_threadsafe_function(env, channel->function_);
  return channel;
}

Channel::Function Channel::hold(const std::shared_ptr<Channel>& channel, Napi::Function function) {
  auto reference = std::make_unique<Napi::FunctionReference>(Napi::Persistent(function));
  return Function(reference.release(), [channel](Napi::FunctionReference* raw) {
    const auto owned = std::make_shared<std::unique_ptr<Napi::FunctionReference>>(raw);
    if (!channel->post([owned](Napi::Env) { owned->reset(); })) (*owned)->SuppressDestruct();
  });
}

bool Channel::post(std::function<void(Napi::Env)> task) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return false;
  tasks_.push_back(std::move(task));
  // One wake-up serves every task that is there by then.
  if (tasks_.size() == 1) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  return true;
}

void Channel::drain(napi_env env, napi_value /*callback*/, void* context, void* /*data*/) {
  auto* self = static_cast<Channel*>(context);
  std::vector<std::function<void(Napi::Env)>> tasks;
  {
    const std::lock_guard<std::mutex> lock(self->mutex_);
    tasks.swap(self->tasks_);
  }
  if (env == nullptr) return;
  for (auto& task : tasks) {
    const Napi::HandleScope scope(env);
    try {
      task(Napi::Env(env));
    } catch (const Napi::Error& error) {
      // From a callback of the user's: uncaught, as in any event handler. A worker thread that is being terminated
      // refuses this call like every other; there is nobody left to tell.
      napi_fatal_exception(env, error.Value());
    }
  }
}

void Channel::work_started() {
  if (pending_++ == 0 && !closed_) napi_ref_threadsafe_function(env_, function_);
}

void Channel::work_finished() {
  if (--pending_ == 0 && !closed_) napi_unref_threadsafe_function(env_, function_);
}

void Channel::close() {
  std::vector<std::function<void(Napi::Env)>> dropped;  // outlives the lock: what a task held may post as it goes
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    closed_ = true;
    dropped.swap(tasks_);
  }
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
}

Environment::Environment(Napi::Env env)
    : env_(env), channel_(Channel::create(env)), loader_(std::make_unique<Worker>()) {
  // Runs before the thread-safe function's own hook (last registered, first run), while JavaScript objects still exist.
  napi_add_env_cleanup_hook(env_, on_env_end, this);
}

Environment::~Environment() {
  // A worker that is terminated while it loads the addon never gets to own this: the hook must not outlive it.
  if (!closing_) napi_remove_env_cleanup_hook(env_, on_env_end, this);
  shutdown();
}

void Environment::on_env_end(void* self) { static_cast<Environment*>(self)->shutdown(); }

void Environment::shutdown() {
  closing_ = true;
  loader_->stop();
  for (Closable* object : std::set<Closable*>(objects_)) object->close();
  set_log_sink(this, nullptr);
  channel_->close();
}

}  // namespace argsearch

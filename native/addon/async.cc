#include "addon/async.h"

namespace argsearch {
namespace {

struct Call {
  Napi::Promise::Deferred deferred;
  Napi::ObjectReference keep;
  std::function<Answer()> work;
  /// Empty where the work has failed.
  Answer answer;
  Failure failure;
};

void settle(Call& call, Napi::Env env) {
  call.keep.Reset();
  if (!call.answer) return call.deferred.Reject(to_js_error(env, call.failure).Value());
  // Freed here: the worker may hold the call a moment longer, on its own thread.
  const Answer answer = std::move(call.answer);
  try {
    call.deferred.Resolve(answer(env));
  } catch (const Napi::Error& error) {
    call.deferred.Reject(error.Value());
  } catch (...) {
    call.deferred.Reject(to_js_error(env, current_failure()).Value());
  }
}

}  // namespace

Napi::Promise run_async(Napi::Env env, Worker& worker, Napi::Object keep, std::function<Answer()> work) {
  const std::shared_ptr<Channel> channel = Environment::of(env).channel();
  const auto call = std::make_shared<Call>(
      Call{Napi::Promise::Deferred::New(env), Napi::Persistent(keep), std::move(work), nullptr, {}});
  const Napi::Promise promise = call->deferred.Promise();
  const auto finish = [call, channel](Napi::Env js) {
    channel->work_finished();
    settle(*call, js);
  };
  channel->work_started();
  const bool posted = worker.post([call, channel, finish] {
    try {
      call->answer = call->work();
    } catch (...) {
      call->failure = current_failure();
    }
    // References may only be released on the JavaScript thread; when that is gone, so are they.
    if (!channel->post(finish)) call->keep.SuppressDestruct();
  });
  if (!posted) {
    call->failure = {error_code_name(ErrorCode::kDisposed), "the object has been disposed."};
    finish(env);
  }
  return promise;
}

}  // namespace argsearch

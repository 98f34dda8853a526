#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "addon/environment.h"

namespace argsearch {

/// A native failure on its way to JavaScript.
struct Failure {
  std::string code;
  std::string message;
};

inline Napi::Error to_js_error(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  return error;
}

/// The exception being handled, as a Failure. Only inside a catch block.
inline Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    return {error_code_name(error.code()), error.what()};
  } catch (const std::bad_alloc&) {
    return {error_code_name(ErrorCode::kOutOfMemory), "out of memory."};
  } catch (const std::system_error& error) {
    // Of threads, which take memory for their stacks.
    return {error_code_name(ErrorCode::kOutOfMemory), std::string("no thread could be started: ") + error.what() + "."};
  } catch (const std::exception& error) {
    return {error_code_name(ErrorCode::kDecodeFailed), error.what()};
  } catch (...) {
    return {error_code_name(ErrorCode::kDecodeFailed), "an unknown native error."};
  }
}

/// Runs the body of a synchronous call: a native failure becomes a JavaScript exception with a code.
template <class Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, current_failure());
  }
}

/// Runs `work` on `worker` and settles a promise with `convert(env, result)`. `keep` stays reachable until then.
template <class Work, class Convert>
Napi::Promise run_async(Napi::Env env, Worker& worker, Napi::Object keep, Work work, Convert convert) {
  using Result = decltype(work());
  struct Call {
    Napi::Promise::Deferred deferred;
    Napi::ObjectReference keep;
    Work work;
    Convert convert;
    std::unique_ptr<Result> result;
    Failure failure;
  };
  const std::shared_ptr<Channel> channel = Environment::of(env).channel();
  auto call = std::make_shared<Call>(Call{
      Napi::Promise::Deferred::New(env), Napi::Persistent(keep), std::move(work), std::move(convert), nullptr, {}});
  const Napi::Promise promise = call->deferred.Promise();
  const auto settle = [call, channel](Napi::Env js) {
    channel->work_finished();
    call->keep.Reset();
    if (!call->result) return call->deferred.Reject(to_js_error(js, call->failure).Value());
    const std::unique_ptr<Result> result = std::move(call->result);
    try {
      call->deferred.Resolve(call->convert(js, *result));
    } catch (const Napi::Error& error) {
      call->deferred.Reject(error.Value());
    } catch (...) {
      call->deferred.Reject(to_js_error(js, current_failure()).Value());
    }
  };
  channel->work_started();
  const bool posted = worker.post([call, channel, settle] {
    try {
      call->result = std::make_unique<Result>(call->work());
    } catch (...) {
      call->failure = current_failure();
    }
    // References may only be released on the JavaScript thread; when that is gone, so are they.
    if (!channel->post(settle)) call->keep.SuppressDestruct();
  });
  if (!posted) {
    call->failure = {error_code_name(ErrorCode::kDisposed), "the object has been disposed."};
    settle(env);
  }
  return promise;
}

}  // namespace argsearch

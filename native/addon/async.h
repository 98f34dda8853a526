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

/// What a call resolves with, made of its result on the JavaScript thread.
using Answer = std::function<Napi::Value(Napi::Env)>;

template <class Result, class Convert>
Answer answer_of(Result result, Convert convert) {
  const auto kept = std::make_shared<Result>(std::move(result));
  return [kept, convert](Napi::Env env) -> Napi::Value { return convert(env, *kept); };
}

/// Runs `work` on `worker` and settles a promise with its answer. `keep` stays reachable until then.
Napi::Promise run_async(Napi::Env env, Worker& worker, Napi::Object keep, std::function<Answer()> work);

/// The same with `convert(env, result)` of what `work` returns.
template <class Work, class Convert>
Napi::Promise run_async(Napi::Env env, Worker& worker, Napi::Object keep, Work work, Convert convert) {
  return run_async(env, worker, keep,
                   [work = std::move(work), convert]() mutable -> Answer { return answer_of(work(), convert); });
}

}  // namespace argsearch

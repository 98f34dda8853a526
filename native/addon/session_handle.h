#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "addon/handles.h"
#include "addon/session.h"
#include "engine/shared_threads.h"

namespace argsearch {

/// Base of the addon's classes that decode on a thread of their own. `Self` names itself in kTypeTag and turns T's
/// counters into JavaScript with a static counters_to_js().
template <class Self, class T>
class SessionHandle : public Handle<Self> {
 public:
  explicit SessionHandle(const Napi::CallbackInfo& info)
      : Handle<Self>(info), session_(guarded(info.Env(), [&] {
          return std::make_unique<Session<T>>(Environment::of(info.Env()), std::move(parts(info).object),
                                              parts(info).interrupt, parts(info).shared_threads);
        })) {}

 protected:
  /// `own` methods, and those that every session has.
  static std::vector<Napi::ClassPropertyDescriptor<Self>> methods(
      std::vector<Napi::ClassPropertyDescriptor<Self>> own) {
    own.push_back(Napi::ObjectWrap<Self>::InstanceMethod("counters", &Self::counters));
    own.push_back(Napi::ObjectWrap<Self>::InstanceMethod("dispose", &Self::dispose));
    return own;
  }

  /// Makes a T on the loader's thread, and of it an object of the class that the environment knows as `constructor`.
  /// T's settings hold a ContextSettings as `context`.
  template <class Settings>
  static Napi::Value create_with(Napi::Env env, Napi::Object options, Settings settings,
                                 Napi::FunctionReference Environment::* constructor) {
    return run_async(
        env, Environment::of(env).loader(), options,
        [settings]() mutable {
          settings.context.shared_threads = SharedThreads::create(settings.context.threads);
          return Parts{std::make_unique<T>(settings), settings.context.interrupt, settings.context.shared_threads};
        },
        [constructor](Napi::Env js, Parts& parts) -> Napi::Value {
          return Handle<Self>::make(Environment::of(js).*constructor, &parts);
        });
  }

  /// Session::run() of this object, which resolves with `convert(env, result)` of what `work(T&)` returns.
  template <class Work, class Convert>
  Napi::Value run(const Napi::CallbackInfo& info, CancelHandle::Flag cancel, Work work, Convert convert) {
    return session_->run(
        info.Env(), info.This().As<Napi::Object>(), std::move(cancel),
        [work = std::move(work), convert](T& object) -> Answer { return answer_of(work(object), convert); });
  }

  Napi::Value counters(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value { return Self::counters_to_js(info.Env(), session_->counters()); });
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    return guarded(info.Env(),
                   [&]() -> Napi::Value { return session_->dispose(info.Env(), info.This().As<Napi::Object>()); });
  }

 private:
  /// What create_with() hands to the constructor.
  struct Parts {
    std::unique_ptr<T> object;
    std::shared_ptr<Interrupt> interrupt;
    std::shared_ptr<SharedThreads> shared_threads;
  };
  static Parts& parts(const Napi::CallbackInfo& info) { return *info[0].As<Napi::External<Parts>>().Data(); }

  std::unique_ptr<Session<T>> session_;
};

}  // namespace argsearch

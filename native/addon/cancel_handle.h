#pragma once

#include <atomic>
#include <memory>

#include "addon/handles.h"

namespace argsearch {

/// NativeCancel of src/engine/binding.ts.
class CancelHandle : public Handle<CancelHandle> {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x63616e63656c0001ULL};
  using Flag = std::shared_ptr<std::atomic<bool>>;

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeCancel", {InstanceMethod<&CancelHandle::cancel>("cancel")});
  }
  explicit CancelHandle(const Napi::CallbackInfo& info) : Handle(info) {}

  /// The flag of an optional argument; a flag that nobody sets when it is undefined.
  static Flag flag_of(Napi::Value value) {
    if (value.IsUndefined()) return std::make_shared<std::atomic<bool>>(false);
    return unwrap(value, "cancel")->flag_;
  }

 private:
  void cancel(const Napi::CallbackInfo&) { flag_->store(true); }
  Flag flag_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace argsearch

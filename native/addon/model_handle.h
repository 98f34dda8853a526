#pragma once

#include <memory>

#include "addon/environment.h"
#include "addon/handles.h"
#include "model/model.h"

namespace argsearch {

/// NativeModel of src/engine/binding.ts: JavaScript's share of a loaded model.
class ModelHandle : public Handle<ModelHandle>, public Closable {
 public:
  static constexpr napi_type_tag kTypeTag = {0x61726773656172ULL, 0x6d6f64656c000001ULL};
  static Napi::Function define(Napi::Env env);
  explicit ModelHandle(const Napi::CallbackInfo& info);

  /// loadModel() of src/engine/binding.ts.
  static Napi::Value load(const Napi::CallbackInfo& info);
  /// shareModel() there.
  static Napi::Value share(const Napi::CallbackInfo& info);
  /// adaptModel() there.
  static Napi::Value adapt(const Napi::CallbackInfo& info);

  /// The model of an argument; DISPOSED after dispose().
  static std::shared_ptr<const Model> model_of(Napi::Value value, const char* name);
  void close() override;

 private:
  using Make = std::shared_ptr<const Model>(const std::shared_ptr<const Model>& model, const std::string& path);
  static Napi::Value made_of(const Napi::CallbackInfo& info, Make* make_model);

  const Model& model() const;
  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value tokenize(const Napi::CallbackInfo& info);
  Napi::Value least_tokens(const Napi::CallbackInfo& info);
  Napi::Value pieces(const Napi::CallbackInfo& info);
  Napi::Value is_eog(const Napi::CallbackInfo& info);
  Napi::Value lacking(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<const Model> model_;
};

}  // namespace argsearch

#include "addon/predictor_functions.h"

#include "addon/async.h"
#include "addon/cancel_handle.h"
#include "addon/convert.h"
#include "train/predictor_trainer.h"

namespace argsearch {
namespace {

Trajectories to_trajectories(Napi::Object object) {
  Trajectories steps;
  steps.n_hidden = static_cast<size_t>(to_integer(object.Get("nHidden"), "nHidden", 1, 1 << 20));
  steps.hidden = to_vector<float>(object.Get("hidden"), napi_float32_array, "hidden");
  steps.counts = to_int32s(object.Get("counts"), "counts");
  for (const int32_t role : to_int32s(object.Get("roles"), "roles")) steps.roles.push_back(static_cast<StepRole>(role));
  steps.tokens = to_int32s(object.Get("tokens"), "tokens");
  steps.rises = to_vector<float>(object.Get("rises"), napi_float32_array, "rises");
  return steps;
}

/// A width that fills vectors of any processor.
size_t to_width(Napi::Value value, const char* name) {
  const auto width = static_cast<size_t>(to_integer(value, name, 8, 4096));
  if (width % 8 != 0) bad_argument(std::string(name) + " must be a multiple of 8");
  return width;
}

TrainingSettings to_settings(Napi::Object object) {
  TrainingSettings settings;
  settings.network.width = to_width(object.Get("width"), "width");
  settings.network.width_2 = to_width(object.Get("width2"), "width2");
  settings.epochs = static_cast<size_t>(to_integer(object.Get("epochs"), "epochs", 1, 100000));
  settings.network.seed = static_cast<uint32_t>(to_integer(object.Get("seed"), "seed", 0, UINT32_MAX));
  settings.network.threads = static_cast<int>(to_integer(object.Get("threads"), "threads", 1, 512));
  return settings;
}

Napi::Value trained_to_js(Napi::Env env, const TrainedPredictor& trained) {
  const PredictorWeights& weights = trained.weights;
  Napi::Object object = Napi::Object::New(env);
  set(object, "hidden", to_js(env, weights.from_hidden));
  set(object, "token", to_js(env, weights.from_token));
  set(object, "bias", to_js(env, weights.bias));
  set(object, "secondWeight", to_js(env, weights.second));
  set(object, "secondBias", to_js(env, weights.second_bias));
  set(object, "outWeight", to_js(env, weights.out));
  set(object, "outBias", weights.out_bias);
  Napi::Object result = Napi::Object::New(env);
  set(result, "weights", object);
  set(result, "guesses", to_js(env, trained.guesses));
  set(result, "epochs", trained.epochs);
  return result;
}

}  // namespace

Napi::Value train_predictor_js(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    Environment& environment = Environment::of(env);
    const std::string path = to_string(info[0], "path");
    const Napi::Object options = to_object(info[2], "options");
    const TrainingSettings settings = to_settings(options);
    const CancelHandle::Flag cancel = CancelHandle::flag_of(options.Get("cancel"));
    Channel::Function callback;
    if (info[3].IsFunction()) callback = Channel::hold(environment.channel(), info[3].As<Napi::Function>());
    const std::shared_ptr<Channel> channel = environment.channel();
    const std::atomic<bool>& closing = environment.closing();
    return run_async(
        env, environment.loader(), options,
        [=, &closing, steps = to_trajectories(to_object(info[1], "trajectories"))] {
          TokenRows rows{GgufModel(path)};
          return train_predictor(steps, rows, settings, [&](size_t done, size_t most, double explained) {
            if (callback) {
              channel->post([=](Napi::Env js) {
                callback->Call({Napi::Number::New(js, static_cast<double>(done)),
                                Napi::Number::New(js, static_cast<double>(most)), Napi::Number::New(js, explained)});
              });
            }
            return !cancel->load() && !closing.load();
          });
        },
        trained_to_js);
  });
}

}  // namespace argsearch

#pragma once

#include "check.h"
#include "context/context.h"
#include "model/model.h"

namespace argsearch::test {

/// The model of the tests, or another one, on the CPU.
inline std::shared_ptr<const Model> load_model(const std::string& path = model_path()) {
  open_engine(engine_dir());
  ModelParams params;
  params.path = path;
  params.backend = "CPU";
  return Model::load(params, [](float) { return true; });
}

inline ContextSettings context_settings(int threads = 1) {
  ContextSettings settings;
  settings.threads = threads;
  settings.interrupt = std::make_shared<Interrupt>();
  return settings;
}

}  // namespace argsearch::test

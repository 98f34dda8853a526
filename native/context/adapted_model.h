#pragma once

#include <memory>
#include <string>

#include "model/model.h"

namespace argsearch {

/// A model with a LoRA adapter, tried with one token: what llama.cpp builds its graphs of without a look at shapes, and
/// weights that its graph of this architecture reads past the adapter, show then. What Model::with_adapter() and
/// Context() throw; MODEL_UNSUPPORTED.
std::shared_ptr<const Model> adapted_model(const std::shared_ptr<const Model>& model, const std::string& path);

}  // namespace argsearch

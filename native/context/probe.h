#pragma once

#include <memory>

#include "context/context.h"

namespace argsearch {

/// What a token decoded in a context of its own tells about a model: once a model, later calls know.
Probed probe(const std::shared_ptr<const Model>& model, ContextSettings settings);

/// Bytes of what a recurrent model keeps of a sequence instead of cells; 0 for others, which are not probed.
size_t state_bytes(const std::shared_ptr<const Model>& model, const ContextSettings& settings);

/// Whether a node is the final norm's output, and in F32.
bool is_result_norm(const ggml_tensor& node);
bool is_readable(const ggml_tensor& node, size_t n_embd);

}  // namespace argsearch

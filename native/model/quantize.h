#pragma once

#include <string>
#include <vector>

namespace argsearch {

/// Names that quantize_gguf() takes ("f16", "q8_0", "q4_k_m", …), in descending size.
std::vector<std::string> quantization_names();

/// Writes `source` to `target` with its weights in another format (llama_model_quantize); metadata, and so the reward
/// head, is kept. Already quantised sources are converted, too. OPTION_INVALID for an unknown `type`, and what
/// GgufFile() throws; `target` may be left behind half-written, so give a temporary name.
void quantize_gguf(const std::string& source, const std::string& target, const std::string& type, int threads);

}  // namespace argsearch

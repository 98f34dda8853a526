#pragma once

#include <filesystem>
#include <string>

namespace argsearch {

/// llama.cpp's three libraries, absolute UTF-8 paths.
struct EngineFiles {
  std::string llama;
  std::string ggml;
  std::string ggml_base;
};

/// The libraries in `dir`, all of one build, whatever decoration that gave their names: libllama.so,
/// libllama.v0.4.0.so, libllama.metal.v0.4.0.dylib, llama.v0.4.0.dll. Of several builds, the newest that is complete.
/// ENGINE_NOT_FOUND when a library is missing, ENGINE_INCOMPATIBLE when those there are belong to different builds.
EngineFiles find_engine_files(const std::filesystem::path& dir);

}  // namespace argsearch

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/llama_api.h"

namespace argsearch {

/// CPU compute threads that the contexts of one search share. Without one, ggml starts and joins its threads in every
/// llama_decode, which for small models costs as much as the decode.
///
/// While decodes follow each other, idle threads spin: waking one takes long beside a small step. rest() puts them to
/// sleep when none is due, so that the cores are others'; the next decode wakes them.
class Threadpool {
 public:
  /// Null when the CPU backend offers no thread pool; contexts then use ggml's own threads. OUT_OF_MEMORY when the
  /// threads cannot be started. `poll`: how long idle threads spin, in ggml's units; by default as rest() suggests.
  static std::shared_ptr<Threadpool> create(int threads, std::optional<uint32_t> poll = std::nullopt);

  ggml_threadpool* handle() const { return pool_.get(); }

  /// Nothing is decoded for a while. Never while a context decodes with these threads.
  void rest();

 private:
  using Free = decltype(&::ggml_threadpool_free);
  using Pause = decltype(&::ggml_threadpool_pause);
  Threadpool(ggml_threadpool* pool, Free free, Pause pause) : pool_(pool, free), pause_(pause) {}
  std::unique_ptr<ggml_threadpool, Free> pool_;
  /// Null where the CPU backend does not export it.
  Pause pause_;
};

}  // namespace argsearch

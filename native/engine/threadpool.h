#pragma once

#include <memory>

#include "engine/llama_api.h"

namespace argsearch {

/// CPU compute threads that the contexts of one search share. Without one, ggml starts and joins its threads in every
/// llama_decode, which for small models costs as much as the decode.
class Threadpool {
 public:
  /// Null when the CPU backend offers no thread pool; contexts then use ggml's own threads.
  static std::shared_ptr<Threadpool> create(int threads);

  ggml_threadpool* handle() const { return pool_.get(); }

 private:
  using Free = decltype(&::ggml_threadpool_free);
  Threadpool(ggml_threadpool* pool, Free free) : pool_(pool, free) {}
  std::unique_ptr<ggml_threadpool, Free> pool_;
};

}  // namespace argsearch

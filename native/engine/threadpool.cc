#include "engine/threadpool.h"

namespace argsearch {

std::shared_ptr<Threadpool> Threadpool::create(int threads) {
  const LlamaApi& api = engine();
  ggml_backend_reg_t cpu = api.ggml_backend_reg_by_name("CPU");
  if (cpu == nullptr || threads < 2) return nullptr;
  const auto create = reinterpret_cast<decltype(&::ggml_threadpool_new)>(
      api.ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new"));
  const auto free = reinterpret_cast<Free>(api.ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_free"));
  if (create == nullptr || free == nullptr) return nullptr;
  ggml_threadpool_params params = api.ggml_threadpool_params_default(threads);
  // How long idle threads spin before they sleep, in units of some milliseconds: through the gap between the two
  // decodes of a step, but not so long (ggml's 50 is a third of a second) that they take the cores from whoever comes
  // next.
  params.poll = 1;
  ggml_threadpool* pool = create(&params);
  return pool != nullptr ? std::shared_ptr<Threadpool>(new Threadpool(pool, free)) : nullptr;
}

}  // namespace argsearch

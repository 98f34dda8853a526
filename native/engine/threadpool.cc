#include "engine/threadpool.h"

#include "engine/library.h"

namespace argsearch {
namespace {

// How long idle threads spin before they sleep by themselves, in units of some milliseconds. With rest() they never get
// there; without, it has to last through the gap between the decodes of a step, but not so long (ggml's own 50 is a
// third of a second) that they take the cores from whoever comes next.
constexpr uint32_t kPollUntilRest = 50;
constexpr uint32_t kPollAlone = 1;

/// Not among what the backend tells by name: it is looked for in the library of a function that is.
decltype(&::ggml_threadpool_pause) find_pause(void* neighbour) {
  const std::optional<Library> library = Library::holding(neighbour);
  if (!library) return nullptr;
  return reinterpret_cast<decltype(&::ggml_threadpool_pause)>(library->symbol("ggml_threadpool_pause"));
}

}  // namespace

std::shared_ptr<Threadpool> Threadpool::create(int threads) {
  const LlamaApi& api = engine();
  ggml_backend_reg_t cpu = api.ggml_backend_reg_by_name("CPU");
  if (cpu == nullptr || threads < 2) return nullptr;
  void* found = api.ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new");
  const auto create = reinterpret_cast<decltype(&::ggml_threadpool_new)>(found);
  const auto free = reinterpret_cast<Free>(api.ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_free"));
  if (create == nullptr || free == nullptr) return nullptr;
  const Pause pause = find_pause(found);
  ggml_threadpool_params params = api.ggml_threadpool_params_default(threads);
  params.poll = pause != nullptr ? kPollUntilRest : kPollAlone;
  ggml_threadpool* pool = create(&params);
  return pool != nullptr ? std::shared_ptr<Threadpool>(new Threadpool(pool, free, pause)) : nullptr;
}

void Threadpool::rest() {
  if (pause_ != nullptr) pause_(handle());
}

}  // namespace argsearch

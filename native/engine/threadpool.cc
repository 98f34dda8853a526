#include "engine/threadpool.h"

#include "engine/assertion_guard.h"
#include "engine/library.h"
#include "error.h"

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

std::shared_ptr<Threadpool> Threadpool::create(int threads, std::optional<uint32_t> poll) {
  const LlamaApi& api = engine();
  ggml_backend_reg_t cpu = api.ggml_backend_reg_by_name("CPU");
  if (cpu == nullptr || threads < 2) return nullptr;
  void* found = api.ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new");
  const auto create = reinterpret_cast<decltype(&::ggml_threadpool_new)>(found);
  const auto free = reinterpret_cast<Free>(api.ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_free"));
  if (create == nullptr || free == nullptr) return nullptr;
  const Pause pause = find_pause(found);
  ggml_threadpool_params params = api.ggml_threadpool_params_default(threads);
  params.poll = poll.value_or(pause != nullptr ? kPollUntilRest : kPollAlone);
  ggml_threadpool* pool = nullptr;
  try {
    // ggml asserts that each thread starts. Those that did by then wait for work that never comes: they cannot be
    // ended.
    const AssertionGuard guard;
    pool = create(&params);
  } catch (const EngineAssertion& error) {
    throw Error(ErrorCode::kOutOfMemory, "the system gives no " + std::to_string(threads) +
                                             " threads to compute with (" + error.what() + "). Lower threads.");
  }
  return pool != nullptr ? std::shared_ptr<Threadpool>(new Threadpool(pool, free, pause)) : nullptr;
}

void Threadpool::rest() {
  if (pause_ != nullptr) pause_(handle());
}

}  // namespace argsearch

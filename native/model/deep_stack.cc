#include "model/deep_stack.h"

#include <exception>
#include <string>

#include "error.h"

#ifdef _WIN32
#include <process.h>
#include <windows.h>
#else
#include <pthread.h>
#endif

namespace argsearch {
namespace {

struct Job {
  const std::function<void()>& work;
  std::exception_ptr failure;

  void run() noexcept {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }
};

#ifdef _WIN32

unsigned __stdcall run(void* job) {
  static_cast<Job*>(job)->run();
  return 0;
}

bool run_and_wait(size_t bytes, Job& job) {
  const uintptr_t thread =
      _beginthreadex(nullptr, static_cast<unsigned>(bytes), run, &job, STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (thread == 0) return false;
  const auto handle = reinterpret_cast<HANDLE>(thread);
  WaitForSingleObject(handle, INFINITE);
  CloseHandle(handle);
  return true;
}

#else

void* run(void* job) {
  static_cast<Job*>(job)->run();
  return nullptr;
}

bool run_and_wait(size_t bytes, Job& job) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_t thread;
  const bool started =
      pthread_attr_setstacksize(&attributes, bytes) == 0 && pthread_create(&thread, &attributes, run, &job) == 0;
  pthread_attr_destroy(&attributes);
  if (started) pthread_join(thread, nullptr);
  return started;
}

#endif

}  // namespace

void on_deep_stack(size_t bytes, const std::function<void()>& work) {
  constexpr size_t kPage = size_t{1} << 16;  // some systems want whole pages, of whatever size theirs are
  Job job{work, nullptr};
  if (!run_and_wait((bytes + kPage - 1) / kPage * kPage, job)) {
    throw Error(ErrorCode::kOutOfMemory,
                "there is no memory for a thread with a stack of " + std::to_string(bytes >> 20) + " MiB.");
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace argsearch

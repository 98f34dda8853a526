#include "addon/worker.h"

#include <atomic>
#include <chrono>
#include <memory>

#include "check.h"
#include "side_by_side.h"

namespace argsearch {
namespace {

using std::chrono::milliseconds;
using test::side_by_side;

TEST("worker: every task of every thread runs, one at a time, each thread's in order") {
  constexpr int kThreads = 4;
  constexpr int kTasks = 500;
  std::vector<std::vector<int>> seen(kThreads);  // guarded by nothing: the worker's thread alone writes
  {
    Worker worker;
    std::vector<std::function<void()>> posting;
    for (int thread = 0; thread < kThreads; ++thread) {
      posting.push_back([&worker, &seen, thread] {
        for (int task = 0; task < kTasks; ++task) {
          CHECK(worker.post([&seen, thread, task] { seen[static_cast<size_t>(thread)].push_back(task); }));
        }
      });
    }
    side_by_side(posting);
  }
  for (const std::vector<int>& tasks : seen) {
    CHECK(tasks.size() == kTasks);
    for (int task = 0; task < kTasks; ++task) CHECK(tasks[static_cast<size_t>(task)] == task);
  }
}

TEST("worker: what is taken before stop() runs, what is refused does not") {
  for (int attempt = 0; attempt < 50; ++attempt) {
    int ran = 0;
    int taken = 0;
    Worker worker;
    std::thread posting([&] {
      while (worker.post([&ran] { ++ran; })) ++taken;
    });
    std::this_thread::yield();
    worker.stop();
    posting.join();
    CHECK(ran == taken);
    CHECK(!worker.post([&ran] { ran = -1; }));
    CHECK(ran == taken);
  }
}

TEST("worker: what a task holds is let go of on the worker's thread, before the next") {
  std::thread::id dropped_by;
  std::thread::id ran_by;
  struct Held {
    std::thread::id& by;
    ~Held() { by = std::this_thread::get_id(); }
  };
  Worker worker;
  worker.post([held = std::shared_ptr<Held>(new Held{dropped_by})] {});
  worker.post([&] { ran_by = dropped_by == std::this_thread::get_id() ? dropped_by : std::thread::id(); });
  worker.stop();
  CHECK(ran_by != std::thread::id());
}

TEST("worker: is told that it is idle once between tasks, on its own thread") {
  std::atomic<int> idle{0};
  int unguarded = 0;  // by tasks and on_idle alike: they never run at once
  {
    Worker worker([&] {
      ++unguarded;
      ++idle;
    });
    for (int task = 1; task <= 5; ++task) {
      worker.post([&unguarded] { ++unguarded; });
      while (idle < task) std::this_thread::sleep_for(milliseconds(1));
    }
    std::this_thread::sleep_for(milliseconds(20));
    CHECK(idle <= 6);  // it may have had time before the first task
  }
  CHECK(unguarded == 5 + idle);
}

}  // namespace
}  // namespace argsearch

#include "engine/thread_count.h"

#include <random>

#include "check.h"

namespace argsearch {
namespace {

constexpr int kPolicy = 0;
constexpr int kReward = 0;

TimedDecode timed(double ms, double core_ms, bool delicate = false) { return {&kPolicy, 1, ms, core_ms, delicate}; }

/// A machine that decodes in steps, one token of the policy and ten of the reward model, and what it takes for it.
class Machine {
 public:
  explicit Machine(int cores, uint32_t seed = 1) : count(cores), least(cores), cores_(cores), random_(seed) {}

  void step() {
    decode(&kPolicy, 1, 5);
    decode(&kReward, 10, 20);
  }

  /// `work`: milliseconds of a single thread.
  void decode(const void* source, size_t tokens, double work) {
    least = std::min(least, count.threads(false));
    const double ms = work * growth / static_cast<double>(std::min(count.threads(false), cores_)) + wait();
    total_ms += ms;
    count.decoded({source, tokens, ms, ms, false});
  }

  /// How many threads there are at the end of so many steps.
  int after(int steps) {
    least = count.threads(false);
    total_ms = 0;
    for (int i = 0; i < steps; ++i) step();
    return count.threads(false);
  }

  ThreadCount count;
  /// Cores that others have.
  int taken = 0;
  /// Times are so much longer than in the beginning.
  double growth = 1;
  /// Fewest threads of a decode, of the last after() if there was one.
  int least;
  double total_ms = 0;

 private:
  /// Of all threads for those that have no core.
  double wait() {
    const double noise = std::uniform_real_distribution<double>(0, 0.2)(random_);
    if (count.threads(false) + taken <= cores_) return noise;
    return std::exponential_distribution<double>(1.0 / 40)(random_);
  }

  int cores_;
  std::mt19937 random_;
};

TEST("thread count: all threads, and no trial, while a machine is quiet") {
  for (const int cores : {1, 2, 4, 16}) {
    Machine machine(cores);
    CHECK(machine.after(2000) == cores);
    CHECK(machine.least == cores);
  }
}

TEST("thread count: longer prefixes, other prompts, batches of any size and a hiccup now and then are no trouble") {
  Machine machine(4);
  std::mt19937 random(2);
  for (int step = 0; step < 4000; ++step) {
    machine.growth = 1 + 0.01 * (step % 400);
    machine.decode(&kPolicy, 1, 5);
    const size_t candidates = 1 + random() % 40;
    machine.decode(&kReward, candidates, 5 + static_cast<double>(candidates));
    if (step % 40 == 0) machine.decode(&kReward, 10, 500);
    if (step % 100 == 0) machine.decode(&kReward, 512, 5000);
  }
  CHECK(machine.least == 4);
}

TEST("thread count: goes down within tens of decodes when another process has a core, and comes back when it is gone") {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    Machine machine(2, seed);
    machine.after(100);
    machine.taken = 1;
    CHECK(machine.after(50) == 1);
    machine.after(1000);
    // 25 ms a step with one thread; trials of two cost a tenth at most.
    CHECK(machine.total_ms < 1000 * 25 * 1.1);
    machine.taken = 0;
    CHECK(machine.after(400) == 2);
    CHECK(machine.after(2000) == 2);
    CHECK(machine.least == 2);
  }
}

TEST("thread count: with many threads a part of them goes, and more when more cores are taken") {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    Machine machine(16, seed);
    machine.taken = 3;
    CHECK(machine.after(200) == 12);
    machine.taken = 9;
    machine.after(1000);
    CHECK(machine.least <= 6);
    CHECK(machine.total_ms < 1000 * 20);
    machine.taken = 0;
    CHECK(machine.after(3000) == 16);
  }
}

TEST("thread count: what does not pay is tried ever more rarely") {
  ThreadCount count(2);
  std::vector<int> trials;
  bool was_trial = false;
  for (int decode = 0; decode < 8000; ++decode) {
    const bool is_trial = count.threads(false) == 1;
    if (is_trial && !was_trial) trials.push_back(decode);
    was_trial = is_trial;
    // As unsteady with any number.
    const double ms = decode % 2 == 0 ? 10 : 20;
    count.decoded(timed(ms, ms));
  }
  CHECK(trials.size() > 4 && trials.size() < 14);
  for (size_t i = 2; i < trials.size(); ++i) {
    CHECK(trials[i] - trials[i - 1] >= std::min(1024, trials[i - 1] - trials[i - 2]));
  }
}

TEST("thread count: stay() ends a trial, and there is no other") {
  Machine machine(2);
  machine.taken = 1;
  for (int i = 0; i < 1000 && machine.count.threads(false) == 2; ++i) machine.step();
  CHECK(machine.count.threads(false) == 1);
  machine.count.stay();
  CHECK(machine.after(1000) == 2);
  CHECK(machine.least == 2);
}

/// Two processes compute on two cores: each operation waits for a thread that has none.
class Crowd {
 public:
  double decode(const void* source, size_t tokens, bool delicate) {
    const bool all = count.threads(delicate) == 2;
    const double ms = all && crowded ? 3000 : (all ? 5 : 8);
    count.decoded({source, tokens, ms, all && crowded ? ms / 2 : ms, delicate});
    return ms;
  }

  ThreadCount count{2};
  bool crowded = true;
};

TEST("thread count: where all cores are taken, decodes do not take seconds for long, delicate ones neither") {
  for (const bool guided : {false, true}) {
    Crowd crowd;
    double total_ms = 0;
    for (int step = 0; step < 5000; ++step) {
      total_ms += crowd.decode(&kPolicy, 1, true);
      if (guided) total_ms += crowd.decode(&kReward, 10, false);
    }
    // Trials of all threads take three seconds each, after twice as long every time.
    CHECK(total_ms < (guided ? 2 : 1) * 5000 * 8 + 50000);
    crowd.crowded = false;
    for (int step = 0; step < 10000; ++step) {
      crowd.decode(&kPolicy, 1, true);
      if (guided) crowd.decode(&kReward, 10, false);
    }
    CHECK(crowd.count.threads(true) == 2);
    CHECK(crowd.count.threads(false) == 2);
  }
}

TEST("thread count: a crowd that goes again at once does not leave decodes slow for long") {
  Crowd crowd;
  for (int step = 0; step < 20; ++step) crowd.decode(&kPolicy, 1, true);
  CHECK(crowd.count.threads(true) == 1);
  crowd.crowded = false;
  for (int step = 0; step < 200; ++step) crowd.decode(&kPolicy, 1, true);
  CHECK(crowd.count.threads(true) == 2);
}

TEST("thread count: delicate decodes keep all threads where fewer are a little faster") {
  ThreadCount count(2);
  double others = 0;
  for (int step = 0; step < 2000; ++step) {
    CHECK(count.threads(true) == 2);
    count.decoded(timed(9, 5, true));
    others += count.threads(false);
    const double ms = count.threads(false) == 2 ? 40 : 20;
    count.decoded({&kReward, 10, ms, ms / 2, false});
  }
  CHECK(others < 2000 * 1.2);
}

TEST("thread count: delicate decodes that come alone, and lose their cores, have fewer threads after all") {
  ThreadCount count(2);
  for (int step = 0; step < 100; ++step) {
    count.decoded(timed(9, 5, true));
    const double ms = count.threads(false) == 2 ? 40 : 20;
    count.decoded({&kReward, 10, ms, ms / 2, false});
  }
  CHECK(count.threads(false) == 1);
  for (int step = 0; step < 100 && count.threads(true) == 2; ++step) count.decoded(timed(3000, 1500, true));
  CHECK(count.threads(true) == 1);
}

}  // namespace
}  // namespace argsearch

#pragma once

#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace argsearch::test {

/// Runs each on a thread of its own; throws what the first of them threw.
inline void side_by_side(const std::vector<std::function<void()>>& works) {
  std::vector<std::exception_ptr> failures(works.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < works.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        works[i]();
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace argsearch::test

#pragma once

#include <optional>

#ifndef _WIN32
#include <ctime>
#endif

namespace argsearch {

/// Milliseconds that the calling thread has had a core, since it was made. Nothing where the system does not tell, or
/// not finely enough.
class ThreadClock {
 public:
  std::optional<double> milliseconds() const {
    const std::optional<double> end = now();
    if (!start_ || !end) return std::nullopt;
    return *end - *start_;
  }

 private:
  static std::optional<double> now() {
#ifdef _WIN32
    return std::nullopt;
#else
    timespec time;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return std::nullopt;
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
#endif
  }

  std::optional<double> start_ = now();
};

}  // namespace argsearch

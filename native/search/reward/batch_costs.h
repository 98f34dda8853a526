#pragma once

#include <cstddef>
#include <map>

namespace argsearch {

/// Milliseconds that a decode of so many tokens takes, as they were seen.
class BatchCosts {
 public:
  void add(size_t tokens, double ms);
  /// Between sizes that were seen on the line between them. Larger ones are taken to cost what the largest did until
  /// one is seen: what is not known is worth a try. 0 before the first.
  double at(size_t tokens) const;
  /// Decodes of exactly so many have been seen often enough to be told from others.
  bool knows(size_t tokens) const;

 private:
  struct Seen {
    size_t times = 0;
    double ms = 0;
  };
  std::map<size_t, Seen> seen_;
};

}  // namespace argsearch

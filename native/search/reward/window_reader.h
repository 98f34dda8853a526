#pragma once

#include <cstdint>
#include <vector>

#include "context/branches.h"
#include "context/hidden.h"
#include "context/prefixes.h"
#include "context/runs.h"
#include "search/window.h"

namespace argsearch {

/// Reads the candidates of windows in a context whose slots, prefixes and branches it shares, in one batch: the leads
/// follow each other in a branch of their own, and belong to those of the candidates behind them.
class WindowReader {
 public:
  /// All of them outlive it. `first`: the search's slot that is the context's first.
  WindowReader(HiddenContext& hidden, Prefixes& prefixes, Branches& branches, size_t first)
      : hidden_(hidden), prefixes_(prefixes), branches_(branches), first_(first) {}

  /// Window by window, step by step: `on_row` gets the hidden state of each candidate.
  void read(const std::vector<Window*>& windows, const OnRow& on_row);
  /// Rewarder::commit_ahead().
  void commit(const std::vector<Window*>& windows);

  uint64_t tokens() const { return tokens_; }
  uint64_t decodes() const { return decodes_; }

 private:
  size_t place(const Window& window) const { return window.slot() - first_; }
  void make_room(const std::vector<Window*>& windows);
  void add(const Window& window);

  HiddenContext& hidden_;
  Prefixes& prefixes_;
  Branches& branches_;
  size_t first_;
  Batch batch_;
  uint64_t tokens_ = 0;
  uint64_t decodes_ = 0;
};

}  // namespace argsearch

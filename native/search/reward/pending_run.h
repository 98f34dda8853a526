#pragma once

#include <vector>

#include "context/runs.h"

namespace argsearch {

/// What a slot took unrated, in a reward model's own tokens, and where of it the last tokens of the policy are read.
struct PendingRun {
  Run run;
  /// Of the policy's last two, or of the one that there is: how many tokens of the run are read by its end.
  std::vector<size_t> read_by;
};

/// `pending`: for each of the policy's tokens its own, possibly none. The run begins at `start`.
PendingRun pending_run(llama_seq_id sequence, llama_pos start, const std::vector<std::vector<llama_token>>& pending);

/// Places of the last `most` of so many.
std::vector<size_t> last_of(size_t count, size_t most);

}  // namespace argsearch

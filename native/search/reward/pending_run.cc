#include "search/reward/pending_run.h"

#include <algorithm>

namespace argsearch {

PendingRun pending_run(llama_seq_id sequence, llama_pos start, const std::vector<std::vector<llama_token>>& pending) {
  PendingRun found{{sequence, start, {}, {}}, {}};
  std::vector<size_t> ends;
  for (const std::vector<llama_token>& own : pending) {
    found.run.tokens.insert(found.run.tokens.end(), own.begin(), own.end());
    ends.push_back(found.run.tokens.size());
  }
  std::vector<size_t>& read = found.run.read;
  for (const size_t token : last_of(ends.size(), 2)) {
    found.read_by.push_back(ends[token]);
    const bool again = !read.empty() && read.back() + 1 == ends[token];
    if (ends[token] > 0 && !again) read.push_back(ends[token] - 1);
  }
  return found;
}

std::vector<size_t> last_of(size_t count, size_t most) {
  std::vector<size_t> last;
  for (size_t i = count - std::min(count, most); i < count; ++i) last.push_back(i);
  return last;
}

}  // namespace argsearch

#include "context/equal_parts.h"

#include <algorithm>
#include <map>

namespace argsearch {
namespace {

/// What is left of a sequence's tokens, as places in the batch.
struct Rest {
  llama_seq_id sequence;
  std::vector<size_t> places;
  size_t next = 0;

  size_t size() const { return places.size() - next; }
};

/// Ascending, as the sequences of a graph must be.
std::vector<Rest> by_sequence(const Batch& batch) {
  std::map<llama_seq_id, std::vector<size_t>> places;
  for (size_t i = 0; i < batch.size(); ++i) places[batch.sequence(i)].push_back(i);
  std::vector<Rest> rests;
  for (auto& [sequence, own] : places) rests.push_back({sequence, std::move(own)});
  return rests;
}

std::vector<size_t> rows_of(const Batch& batch) {
  std::vector<size_t> rows;
  size_t outputs = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    rows.push_back(outputs);
    outputs += batch.is_output(i) ? 1 : 0;
  }
  return rows;
}

}  // namespace

std::vector<EqualPart> equal_parts(const Batch& batch, bool neighbours) {
  std::vector<EqualPart> parts;
  const std::vector<size_t> rows = rows_of(batch);
  std::vector<Rest> rests = by_sequence(batch);
  while (!rests.empty()) {
    const size_t count = std::min_element(rests.begin(), rests.end(), [](const Rest& a, const Rest& b) {
                           return a.size() < b.size();
                         })->size();
    for (size_t i = 0; i < rests.size(); ++i) {
      if (i == 0 || (neighbours && rests[i].sequence != rests[i - 1].sequence + 1)) parts.emplace_back();
      for (size_t taken = 0; taken < count; ++taken) {
        const size_t place = rests[i].places[rests[i].next++];
        if (batch.is_output(place)) parts.back().rows.push_back(rows[place]);
        parts.back().batch.add_from(batch, place);
      }
    }
    rests.erase(std::remove_if(rests.begin(), rests.end(), [](const Rest& rest) { return rest.size() == 0; }),
                rests.end());
  }
  return parts;
}

}  // namespace argsearch

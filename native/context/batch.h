#pragma once

#include <vector>

#include "llama.h"

namespace argsearch {

/// Tokens for one llama_decode. A token may belong to several sequences, whose prefix it then is.
class Batch {
 public:
  void clear() {
    tokens_.clear();
    positions_.clear();
    outputs_.clear();
    sequences_.clear();
    offsets_.clear();
  }

  void add(llama_token token, llama_pos position, llama_seq_id sequence, bool output) {
    add(token, position, std::vector<llama_seq_id>{sequence}, output);
  }

  void add(llama_token token, llama_pos position, const std::vector<llama_seq_id>& sequences, bool output) {
    tokens_.push_back(token);
    positions_.push_back(position);
    outputs_.push_back(output ? 1 : 0);
    offsets_.push_back(sequences_.size());
    sequences_.insert(sequences_.end(), sequences.begin(), sequences.end());
  }

  /// The i-th token of another batch, of the first of its sequences.
  void add_from(const Batch& other, size_t i) {
    add(other.tokens_[i], other.positions_[i], other.sequence(i), other.is_output(i));
  }

  size_t size() const { return tokens_.size(); }
  bool empty() const { return tokens_.empty(); }
  bool has_several_sequences() const {
    for (const llama_seq_id sequence : sequences_) {
      if (sequence != sequences_[0]) return true;
    }
    return false;
  }

  size_t outputs() const {
    size_t count = 0;
    for (const int8_t output : outputs_) count += output != 0;
    return count;
  }
  bool is_output(size_t i) const { return outputs_[i] != 0; }
  llama_seq_id sequence(size_t i) const { return sequences_[offsets_[i]]; }

  /// llama.cpp's view of the batch; valid until the batch changes.
  llama_batch view() {
    counts_.resize(size());
    pointers_.resize(size());
    for (size_t i = 0; i < size(); ++i) {
      const size_t end = i + 1 < size() ? offsets_[i + 1] : sequences_.size();
      counts_[i] = static_cast<int32_t>(end - offsets_[i]);
      pointers_[i] = sequences_.data() + offsets_[i];
    }
    return llama_batch{static_cast<int32_t>(size()),
                       tokens_.data(),
                       nullptr,
                       positions_.data(),
                       counts_.data(),
                       pointers_.data(),
                       outputs_.data()};
  }

 private:
  std::vector<llama_token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<int8_t> outputs_;
  std::vector<llama_seq_id> sequences_;
  std::vector<size_t> offsets_;
  std::vector<int32_t> counts_;
  std::vector<llama_seq_id*> pointers_;
};

}  // namespace argsearch

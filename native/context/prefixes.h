#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "context/branches.h"
#include "context/context.h"

namespace argsearch {

/// Tokens found in the cache and those that had to be decoded.
struct PrefillCount {
  size_t cached = 0;
  /// Of those in the cache, what another slot held.
  size_t shared = 0;
  size_t decoded = 0;
  /// Those that are still missing.
  size_t left = 0;
};

/// As many tokens as it takes.
constexpr size_t kAllTokens = SIZE_MAX;

/// What the slots of a context hold: sequence s of its cache is slot s. The cache and what is known of it change
/// together, also when a decode throws.
class Prefixes {
 public:
  Prefixes(Context& context, size_t slots) : context_(context), slots_(slots), losses_(slots) {}
  Prefixes(const Prefixes&) = delete;
  Prefixes& operator=(const Prefixes&) = delete;

  /// Contexts of one model and the same settings that live and die together: what a slot of one holds is copied to
  /// those of another, rather than decoded once more.
  static void copy_among(const std::vector<Prefixes*>& contexts);
  /// Of the same context: copies are made by way of one that is free, or not at all.
  void lend_by(Branches& branches) { branches_ = &branches; }

  /// Makes a slot hold exactly `wanted`: keeps the common prefix, cuts the rest, shares the cells of the slot that has
  /// more of it or copies them from another context, and decodes what is missing in batches without outputs, but no
  /// more than `most` tokens: fill() again goes on.
  PrefillCount fill(size_t slot, const std::vector<llama_token>& wanted, const std::function<void(Batch&)>& decode,
                    size_t most = kAllTokens);

  size_t size(size_t slot) const { return slots_[slot].size(); }
  /// How much of a text's beginning it is.
  size_t common(size_t slot, const std::vector<llama_token>& text) const { return common_prefix(slots_[slot], text); }
  const std::vector<llama_token>& tokens(size_t slot) const { return slots_[slot]; }
  /// Where the slot's next token goes. DECODE_FAILED when the slot's state was lost since fill().
  llama_pos end(size_t slot) const;
  size_t slots() const { return slots_.size(); }

  /// The cache has this token at the slot's end.
  void push(size_t slot, llama_token token) { slots_[slot].push_back(token); }
  /// Takes the slot's last token out of the cache, too.
  void pop(size_t slot);
  /// Cuts off what a failed decode may have left behind the slot's end.
  void repair(size_t slot);
  void clear(size_t slot);

  static llama_seq_id sequence(size_t slot) { return static_cast<llama_seq_id>(slot); }

 private:
  struct Held {
    size_t slot;
    size_t tokens;
  };
  /// The slot that has most of `wanted`, and how much; of several the first.
  Held most_of(const std::vector<llama_token>& wanted) const;
  /// Marks as the slot's, too, the cells that another slot has of `wanted` behind the slot's end; returns how many.
  size_t share(size_t slot, const std::vector<llama_token>& wanted);
  /// The same of slots of other contexts.
  size_t copy(size_t slot, const std::vector<llama_token>& wanted);
  /// The first `tokens` of a slot, as llama.cpp saves them; empty where that cannot be.
  std::vector<uint8_t> saved(size_t slot, size_t tokens);

  Context& context_;
  std::vector<Prefixes*> others_;
  Branches* branches_ = nullptr;
  std::vector<std::vector<llama_token>> slots_;
  /// Context::losses() at the last fill().
  std::vector<uint64_t> losses_;
};

}  // namespace argsearch

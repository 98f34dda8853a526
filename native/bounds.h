#pragma once

#include <algorithm>
#include <cstdint>

namespace argsearch {

// How many sequences a context has, and what they are for. One derivation for all; TypeScript gets what users can ask
// for through the binding.

/// Prompts that a search decodes at once.
constexpr uint32_t kMaxSlots = 128;
/// Most texts that share a context of whole texts: llama.cpp's sequences.
constexpr uint32_t kMaxSequences = 256;
/// Most slots that share a context of the policy or of a reward model: every token of a context is weighed against
/// every cell of it.
constexpr uint32_t kSlotsPerContext = 16;
/// Contexts of a reward model, or of a trunk that the policy shares with it, among which the slots of a search are
/// spread on a processor: they decode side by side.
constexpr uint32_t kContextsOnCpu = 16;
/// Sequences made for the candidates of each slot, as far as there are so many.
constexpr uint32_t kBranchesPerSlot = 40;
/// Sequences of the policy made for the drafts of each slot, as far as there are so many.
constexpr uint32_t kDraftsPerSlot = 16;
/// Most drafts of a block; those that have no sequence of their own wait.
constexpr uint32_t kMostDrafts = 256;
/// Most steps that a slot looks at in one window.
constexpr uint32_t kMostLookahead = 16;
/// Bytes of logits that the drafts' sequences of all contexts reserve, at most, where that is more than one a slot.
constexpr uint64_t kDraftLogits = uint64_t{32} << 20;
/// Tokens of one decode of whole texts that are read.
constexpr uint32_t kMaxReadTokens = 128;
/// Fewest branches of a context, whatever the vocabulary.
constexpr uint32_t kLeastBranches = 16;
/// Bytes of logits that a context of a reward model reserves, at most, and all contexts of a model together: llama.cpp
/// keeps a row of n_vocab floats for each sequence or output, and here nobody reads them.
constexpr uint64_t kUnreadLogitsPerContext = uint64_t{64} << 20;
constexpr uint64_t kUnreadLogits = uint64_t{256} << 20;

/// Bytes of a recurrent model's states, one a sequence: of all contexts of a reward model together, or of a scorer; and
/// of a policy's drafts.
constexpr uint64_t kStateBytes = uint64_t{512} << 20;
constexpr uint64_t kDraftStateBytes = uint64_t{128} << 20;
/// Fewest branches of a context, however large the state: as many as topK is by default.
constexpr uint32_t kLeastStates = 10;

/// How many states of so many bytes may take `budget`; without a state, all that there are.
inline uint32_t states_within(uint64_t budget, uint64_t state_bytes) {
  if (state_bytes == 0) return kMaxSequences;
  return static_cast<uint32_t>(std::min<uint64_t>(budget / state_bytes, kMaxSequences));
}

/// Sequences of a context of whole texts, of those wanted.
inline uint32_t text_sequences(uint32_t wanted, uint64_t state_bytes) {
  return std::min(wanted, std::max(states_within(kStateBytes, state_bytes), 1u));
}

/// Rows of unread logits that one of `contexts` contexts may have.
inline uint32_t unread_rows(uint32_t n_vocab, uint32_t contexts) {
  const uint64_t bytes = std::min(kUnreadLogitsPerContext, kUnreadLogits / contexts);
  const uint64_t rows = bytes / (sizeof(float) * std::max(n_vocab, 1u));
  return static_cast<uint32_t>(std::min<uint64_t>(rows, kMaxSequences));
}

/// Sequences of one of `contexts` contexts of a reward model with `slots` slots, of `most` that llama.cpp has: a slot's
/// prefix each, the others are branches.
inline uint32_t reward_sequences(uint32_t slots, uint32_t n_vocab, uint32_t contexts, uint32_t most,
                                 uint64_t state_bytes) {
  const uint32_t wanted = slots * (1 + kBranchesPerSlot);
  const uint32_t affordable = std::max(unread_rows(n_vocab, contexts), slots + kLeastBranches);
  const uint32_t states = std::max(states_within(kStateBytes / contexts, state_bytes), slots + kLeastStates);
  return std::min({wanted, affordable, states, most});
}

/// Sequences of one of `contexts` contexts of a policy with `slots` slots, of `most` that llama.cpp has: a slot's
/// prefix each, the others are drafts. No drafts where not every slot can have the state of one.
inline uint32_t policy_sequences(uint32_t slots, uint32_t n_vocab, uint32_t contexts, uint32_t most,
                                 uint64_t state_bytes) {
  const uint32_t states = states_within(kDraftStateBytes / contexts, state_bytes);
  if (states < slots) return slots;
  const uint64_t rows = kDraftLogits / contexts / (sizeof(float) * std::max(n_vocab, 1u));
  const uint64_t affordable = std::max<uint64_t>(rows, slots);
  const auto drafts = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{slots} * kDraftsPerSlot, affordable));
  return std::min(slots + std::min(drafts, states), most);
}

/// Drafts of a slot that a context holds side by side, at least one: the slot's share of the branches, and no more than
/// have room in its own cells, so that no slot depends on what others do.
inline size_t drafts_at_once(size_t branches, size_t slots, size_t room, size_t tokens) {
  return std::max<size_t>(1, std::min(branches / slots, room / std::max<size_t>(tokens, 1)));
}

}  // namespace argsearch

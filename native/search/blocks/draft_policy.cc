#include "search/blocks/draft_policy.h"

#include <algorithm>
#include <cmath>

#include "bounds.h"
#include "search/blocks/draw_token.h"
#include "search/propose/log_sum_exp.h"

namespace argsearch {
namespace {

size_t longest_of(const std::vector<std::string>& texts) {
  size_t longest = 0;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  return longest;
}

}  // namespace

size_t DraftPolicy::room(size_t slot) const { return context_size_ - std::min(context_size_, policy_.size(slot) - 1); }

std::vector<FailedStep> DraftPolicy::draw(const std::vector<Drafting>& slots) {
  struct Next {
    const Drafting* slot;
    /// Null: every draft of the block, which begins.
    Draft* draft;
  };
  std::vector<size_t> slots_of_runs;
  std::vector<Run> runs;
  std::vector<Next> nexts;
  const auto add = [&](const Drafting& slot, Draft* draft, Run run) {
    slots_of_runs.push_back(slot.slot);
    runs.push_back(std::move(run));
    nexts.push_back({&slot, draft});
  };
  for (const Drafting& slot : slots) {
    if (slot.block().begun()) {
      for (Draft* draft : turn(slot)) add(slot, draft, missing(slot.slot, *draft));
    } else {
      const Policies::Place at = policy_.place(slot.slot);
      add(slot, nullptr,
          {Prefixes::sequence(at.slot), at.policy.prefixes().end(at.slot), {at.policy.pending(at.slot)}, {0}});
    }
  }
  std::vector<FailedStep> failed;
  policy_.decode(slots_of_runs, runs, [&](size_t run, size_t, const float* logits) {
    const Drafting& slot = *nexts[run].slot;
    const double norm = log_sum_exp(logits, static_cast<size_t>(model().n_vocab()));
    try {
      if (nexts[run].draft) {
        draw(*slot.state, *nexts[run].draft, logits, norm);
      } else {
        for (Draft& draft : slot.block().drafts) draw(*slot.state, draft, logits, norm);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kSamplersLeaveNothing) throw;
      if (failed.empty() || failed.back().slot != slot.slot) failed.push_back({slot.slot, error});
    }
  });
  tokens_ += tokens_of(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    const Policies::Place at = policy_.place(slots_of_runs[i]);
    if (nexts[i].draft) {
      at.policy.branches().grow(at.slot, nexts[i].draft->number, runs[i].tokens.size());
    } else {
      at.policy.prefixes().push(at.slot, runs[i].tokens[0]);
    }
  }
  return failed;
}

/// The drafts of a slot that get a token now: those of the wave, or of the next one.
std::vector<Draft*> DraftPolicy::turn(const Drafting& slot) {
  Block& block = slot.block();
  const auto those = [&](const auto& wanted) {
    std::vector<Draft*> found;
    for (Draft& draft : block.drafts) {
      if (block.waits(draft) && wanted(draft)) found.push_back(&draft);
    }
    return found;
  };
  std::vector<Draft*> drafts = those([&](const Draft& draft) {
    return std::find(block.wave.begin(), block.wave.end(), draft.number) != block.wave.end();
  });
  if (!drafts.empty()) return drafts;
  drafts = those([](const Draft&) { return true; });
  if (drafts.empty()) return drafts;
  const Policies::Place at = policy_.place(slot.slot);
  const Prefixes& prefixes = at.policy.prefixes();
  const size_t free = context_size_ - std::min(context_size_, prefixes.size(at.slot));
  // The last token of a draft stays pending.
  const size_t width = drafts_at_once(at.policy.branches().capacity(), prefixes.slots(), free, block.length - 1);
  if (block.drafts.size() > width) {
    at.policy.branches().drop(at.slot);
    drafts.resize(std::min(drafts.size(), width));
  }
  block.wave.clear();
  for (const Draft* draft : drafts) block.wave.push_back(draft->number);
  return drafts;
}

/// What a draft's branch lacks, its last token among it, which is read.
Run DraftPolicy::missing(size_t slot, const Draft& draft) {
  const Policies::Place at = policy_.place(slot);
  Branches& branches = at.policy.branches();
  const std::optional<llama_seq_id> found = branches.find(at.slot, draft.number);
  const llama_seq_id sequence = found ? *found : branches.take(at.slot, draft.number);
  const size_t held = branches.length(at.slot, draft.number);
  const llama_pos start = at.policy.prefixes().end(at.slot) + static_cast<llama_pos>(held);
  return {sequence,
          start,
          {draft.tokens.begin() + static_cast<ptrdiff_t>(held), draft.tokens.end()},
          {draft.tokens.size() - 1 - held}};
}

void DraftPolicy::draw(const BlockSlot& slot, Draft& draft, const float* logits, double norm) {
  if (!std::isfinite(norm)) {
    throw Error(ErrorCode::kDecodeFailed, model().path() + ": the logits are not finite numbers. The file is damaged.");
  }
  const DrawnToken drawn =
      draw_token(draft.chain, draft.random, logits, static_cast<size_t>(model().n_vocab()), norm, *slot.excluded);
  draft.log_probs.push_back(drawn.log_prob);
  draft.policy_log_probs.push_back(drawn.policy_log_prob);
  append(slot, draft, drawn.token);
}

void DraftPolicy::append(const BlockSlot& slot, Draft& draft, llama_token token) const {
  const Vocabulary& vocabulary = model().vocabulary();
  draft.chain.accept(token);
  draft.tokens.push_back(token);
  draft.eog = vocabulary.ends_generation(token);
  const std::string piece = vocabulary.piece(token, /*special=*/false);
  draft.text += piece;
  const std::vector<std::string>& stop = slot.settings.blocks.stop;
  if (stop.empty()) return;
  draft.recent += piece;
  draft.stopped = std::any_of(stop.begin(), stop.end(),
                              [&](const std::string& text) { return draft.recent.find(text) != std::string::npos; });
  const size_t kept = longest_of(stop) - 1;
  if (draft.recent.size() > kept) draft.recent.erase(0, draft.recent.size() - kept);
}

void DraftPolicy::take(const std::vector<std::pair<size_t, const Draft*>>& drafts) {
  std::vector<size_t> slots;
  std::vector<Run> lost;
  for (const auto& [slot, draft] : drafts) {
    const Policies::Place at = policy_.place(slot);
    const llama_pos end = at.policy.prefixes().end(at.slot);
    const size_t held = at.policy.branches().length(at.slot, draft->number);
    at.policy.branches().keep(at.slot, draft->number, end, held);
    at.policy.branches().drop(at.slot);
    slots.push_back(slot);
    lost.push_back({Prefixes::sequence(at.slot),
                    end + static_cast<llama_pos>(held),
                    {draft->tokens.begin() + static_cast<ptrdiff_t>(held), draft->tokens.end() - 1},
                    {}});
  }
  policy_.decode(slots, lost, [](size_t, size_t, const float*) {});
  tokens_ += tokens_of(lost);
  for (const auto& [slot, draft] : drafts) {
    const Policies::Place at = policy_.place(slot);
    for (size_t i = 0; i + 1 < draft->tokens.size(); ++i) at.policy.prefixes().push(at.slot, draft->tokens[i]);
    at.policy.commit(at.slot, draft->tokens.back());
  }
}

void DraftPolicy::drop(size_t slot, size_t draft) {
  const Policies::Place at = policy_.place(slot);
  at.policy.branches().drop(at.slot, draft);
}

void DraftPolicy::abandon(size_t slot) {
  const Policies::Place at = policy_.place(slot);
  at.policy.branches().drop(at.slot);
  at.policy.prefixes().repair(at.slot);
}

}  // namespace argsearch

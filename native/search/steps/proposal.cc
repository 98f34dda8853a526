#include "search/steps/proposal.h"

#include "error.h"
#include "search/propose/top_k.h"
#include "search/reward/step_rewards.h"

namespace argsearch {
namespace {

const Excluded kNoneExcluded;

}  // namespace

void propose(SlotStep& slot, Proposer& proposer, const Model& policy) {
  Candidates candidates = proposer.propose(slot.logits, slot.n_vocab);
  if (candidates.size() == 0) {
    throw Error(ErrorCode::kDecodeFailed, policy.path() + ": the logits are not finite numbers. The file is damaged.");
  }
  for (const llama_token token : candidates.tokens) {
    candidates.ends.push_back(policy.vocabulary().ends_generation(token));
  }
  slot.candidates = std::move(candidates);
  const size_t wanted = slot.state->settings.top_log_probs;
  if (wanted > 0) slot.likeliest = TopK(wanted, kNoneExcluded).propose(slot.logits, slot.n_vocab);
  slot.open.assign(slot.candidates.size(), true);
  slot.rated.assign(slot.candidates.size(), slot.rewards() == nullptr);
  if (slot.rewards() != nullptr) slot.rewards()->open(slot);
}

}  // namespace argsearch

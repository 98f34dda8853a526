#include "search/reward/rewarders.h"

#include "bounds.h"
#include "context/probe.h"
#include "search/reward/branched_reward.h"
#include "search/reward/language_model_reward.h"
#include "search/reward/retokenised_reward.h"

namespace argsearch {
namespace {

uint32_t sequences_of(const std::shared_ptr<const Model>& model, const ContextSettings& settings, uint32_t slots,
                      uint32_t contexts) {
  const auto most = static_cast<uint32_t>(engine().llama_max_parallel_sequences());
  const size_t state = model->can_branch() ? state_bytes(model, settings) : 0;
  return reward_sequences(slots, static_cast<uint32_t>(model->n_vocab()), contexts, most, state);
}

}  // namespace

std::vector<std::unique_ptr<Rewarder>> make_rewarders(const std::shared_ptr<const Model>& model, RewardKind kind,
                                                      const std::shared_ptr<const Model>& writer,
                                                      const ContextSettings& settings,
                                                      const std::vector<SlotRange>& ranges, uint32_t context_size) {
  const auto contexts = static_cast<uint32_t>(ranges.size());
  std::vector<std::unique_ptr<Rewarder>> rewarders;
  std::vector<Prefixes*> prefixes;
  for (const SlotRange& range : ranges) {
    if (kind == RewardKind::kHead) {
      const uint32_t sequences = sequences_of(model, settings, range.count, contexts);
      if (writer) {
        rewarders.push_back(
            std::make_unique<RetokenisedReward>(model, writer, settings, range, sequences, context_size));
      } else {
        rewarders.push_back(std::make_unique<BranchedReward>(model, settings, range, sequences, context_size));
      }
    } else {
      rewarders.push_back(std::make_unique<LanguageModelReward>(model, kind, settings, range, contexts, context_size));
    }
    prefixes.push_back(&rewarders.back()->prefixes());
  }
  Prefixes::copy_among(prefixes);
  return rewarders;
}

}  // namespace argsearch

#include "search/prefill.h"

#include "stopwatch.h"

namespace argsearch {
namespace {

/// A later part finds what the ones before it have decoded.
void add(PrefillCount& sum, const PrefillCount& part) {
  sum.cached = part.cached - sum.decoded;
  sum.shared += part.shared;
  sum.decoded += part.decoded;
  sum.left = part.left;
}

}  // namespace

Prefill::Prefill(size_t slot, std::vector<llama_token> policy_prompt,
                 std::vector<std::vector<llama_token>> reward_prompts, RewardReading reading)
    : slot_(slot),
      policy_prompt_(std::move(policy_prompt)),
      reward_prompts_(std::move(reward_prompts)),
      reading_(reading) {
  result_.policy.left = policy_prompt_.size();
  for (const std::vector<llama_token>& prompt : reward_prompts_) {
    result_.rewards.push_back(reading.shared ? PrefillCount{prompt.size(), 0, 0, 0}
                                             : PrefillCount{0, 0, 0, prompt.size()});
  }
}

void Prefill::decode(Policies& policy, RewardSum& rewards, size_t most) {
  size_t room = most;
  if (result_.policy.left > 0) {
    const Stopwatch watch;
    const PrefillCount part = policy.begin(slot_, policy_prompt_, room);
    result_.policy_ms += watch.milliseconds();
    add(result_.policy, part);
    room -= part.decoded;
  }
  bool done = result_.policy.left == 0;
  const Stopwatch watch;
  for (size_t i = 0; done && i < reward_prompts_.size(); ++i) {
    if (result_.rewards[i].left == 0) continue;
    const PrefillCount part = rewards.begin(i, slot_, reward_prompts_[i], room, reading_.states);
    add(result_.rewards[i], part);
    room -= part.decoded;
    done = part.left == 0;
  }
  result_.reward_ms += watch.milliseconds();
  result_.done = done;
}

}  // namespace argsearch

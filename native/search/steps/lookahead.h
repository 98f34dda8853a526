#pragma once

#include <cstdint>
#include <vector>

#include "search/propose/policies.h"
#include "search/results.h"
#include "search/reward/reward_sum.h"
#include "search/steps/pace.h"
#include "search/window.h"

namespace argsearch {

/// Several steps of a slot at the price of a few: the policy runs ahead greedily, the candidates of all its steps are
/// rated in one batch, and what Steps would choose is chosen from the front, until a step departs from the policy's
/// token. Tokens, rewards and candidates are those of Steps, one by one; what was looked at in vain is rolled back.
class Lookahead {
 public:
  /// Both outlive it.
  Lookahead(Policies& policy, RewardSum& rewards, size_t slots, size_t context_size)
      : policy_(policy), rewards_(rewards), context_size_(context_size), slots_(slots) {}

  /// Recurrent models, which keep no state but their last, cannot; nor what reads other tokens than the policy's.
  bool can_roll_back() const;
  /// The slot holds its prompt.
  void begin(size_t slot) { slots_[slot] = {policy_.size(slot), acceptance_}; }

  /// The slots of a step that look ahead, whose candidates are there; they leave it. Those that have no room for that
  /// stay.
  std::vector<Window> take(Step& step);
  /// Looks ahead, rates and chooses: the slots have gone on by the steps that are taken. A slot whose call fails needs
  /// a new begin().
  void run(std::vector<Window>& windows, StepBatch& batch);

  /// Tokens that the policy decoded ahead, also in vain.
  uint64_t policy_tokens() const { return tokens_; }

 private:
  /// What a slot keeps from one window to the next.
  struct Slot {
    size_t prompt = 0;
    /// How often its lead is taken, lately.
    double acceptance = 0;
  };
  /// Windows whose candidates are rated in one decode.
  struct Part {
    StepRewards* rewards;
    size_t context;
    std::vector<Window*> windows;
  };
  std::vector<Part> parts(std::vector<Window>& windows) const;
  size_t most(const SlotStep& slot, size_t sharing) const;
  void pace(std::vector<Window>& windows);
  void extend(std::vector<Window>& windows);
  Run next_lead(const Window& window);
  void grow(Window& window, const float* logits) const;
  void rate(std::vector<Window>& windows);
  void choose(Window& window);
  void commit(Window& window);

  Policies& policy_;
  RewardSum& rewards_;
  size_t context_size_;
  std::vector<Slot> slots_;
  Pace pace_;
  /// Of all slots: what one begins with.
  double acceptance_ = 0.5;
  uint64_t tokens_ = 0;
};

}  // namespace argsearch

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search/block_settings.h"
#include "search/gate_settings.h"
#include "search/lookahead_settings.h"
#include "search/sampler_settings.h"

namespace argsearch {

enum class Method {
  kArgs,    ///< the policy's top-k
  kSample,  ///< the one token that llama.cpp's samplers draw
  kBlocks,  ///< no step: several tokens at once, the best of some drafts
};

/// How log-probability and reward become one score (ARGS, Khanov et al., ICLR 2024, eq. 3, and its published code).
enum class Combine {
  kInterpolate,  ///< (1 - w) log P + w r
  kAdditive,     ///< log P + w r
};

enum class Select {
  kGreedy,      ///< arg max, ties to the more likely candidate
  kStochastic,  ///< sample from softmax(score / temperature)
};

/// What an end-of-generation candidate is scored with.
enum class Ending {
  kReward,  ///< its own reward, as the paper has it
  kPolicy,  ///< the highest reward among the others: the policy alone decides when to end
  kNever,   ///< it is no candidate, as in the paper's published code
};

/// How a slot decodes.
struct SlotSettings {
  Method method = Method::kArgs;
  size_t top_k = 10;
  double weight = 0.6;
  Combine combine = Combine::kInterpolate;
  Select select = Select::kGreedy;
  double temperature = 1;
  Ending ending = Ending::kReward;
  SamplerSettings samplers;
  /// Of Method::kArgs.
  GateSettings gate;
  LookaheadSettings lookahead;
  /// Of Method::kBlocks.
  BlockSettings blocks;
  uint32_t seed = 0;
  /// Rate its candidates. Else the reward models neither read its prompt nor follow it, and keep what they held of its
  /// slot.
  bool rewards = true;
  /// One a reward model: what it reads for a token that ends the response, where its vocabulary is another than the
  /// policy's. May be left out.
  std::vector<std::vector<int32_t>> reward_ends;
  /// Return every step's candidates.
  bool keep_candidates = false;
  /// How many of the policy's likeliest tokens to return with every step.
  size_t top_log_probs = 0;
};

}  // namespace argsearch

#include "search/narrow/gates.h"

#include "search/narrow/bound.h"
#include "search/narrow/entropy.h"
#include "search/narrow/predicted.h"
#include "search/narrow/random_share.h"
#include "search/narrow/top_probability.h"
#include "search/narrow/wave_filling.h"

namespace argsearch {

std::vector<std::unique_ptr<Narrower>> make_gates(const RewardSum& rewards) {
  std::vector<std::unique_ptr<Narrower>> gates;
  gates.push_back(std::make_unique<Bound>());
  gates.push_back(std::make_unique<Entropy>());
  gates.push_back(std::make_unique<TopProbability>());
  gates.push_back(std::make_unique<Predicted>(rewards));
  gates.push_back(std::make_unique<RandomShare>());
  // Behind those that close.
  gates.push_back(std::make_unique<WaveFilling>());
  return gates;
}

}  // namespace argsearch

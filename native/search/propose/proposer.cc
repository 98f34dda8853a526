#include "search/propose/proposer.h"

#include "search/propose/sampler.h"
#include "search/propose/top_k.h"

namespace argsearch {

std::unique_ptr<Proposer> make_proposer(const SlotSettings& settings, const Excluded& excluded) {
  switch (settings.method) {
    case Method::kSample:
      return std::make_unique<Sampler>(static_cast<int32_t>(settings.top_k), settings.top_p, settings.temperature,
                                       settings.seed, excluded);
    case Method::kArgs:
      break;
  }
  return std::make_unique<TopK>(settings.top_k, excluded);
}

}  // namespace argsearch

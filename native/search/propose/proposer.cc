#include "search/propose/proposer.h"

#include "search/propose/draw.h"
#include "search/propose/sampled_top_k.h"
#include "search/propose/sampler_factory.h"
#include "search/propose/top_k.h"

namespace argsearch {

std::unique_ptr<Proposer> make_proposer(const SlotSettings& settings, SamplerFactory& samplers,
                                        const Excluded& excluded) {
  if (settings.method == Method::kSample) return std::make_unique<Draw>(samplers.chain(settings), excluded);
  if (!settings.samplers.any()) return std::make_unique<TopK>(settings.top_k, excluded);
  return std::make_unique<SampledTopK>(settings.top_k, samplers.chain(settings), excluded);
}

}  // namespace argsearch

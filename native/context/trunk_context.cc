#include "context/trunk_context.h"

#include <algorithm>
#include <cmath>

#include "stopwatch.h"

namespace argsearch {
namespace {

/// Of the largest logit. Backends may take another kernel for the product; anything else is another operation.
constexpr float kTolerance = 1e-3F;

bool alike(const float* a, const float* b, size_t count) {
  float largest = 0;
  float difference = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return false;
    largest = std::max(largest, std::abs(a[i]));
    difference = std::max(difference, std::abs(a[i] - b[i]));
  }
  return difference <= kTolerance * largest;
}

}  // namespace

std::unique_ptr<TrunkContext> TrunkContext::create(std::shared_ptr<const Model> model, const ContextSettings& settings,
                                                   const ContextShape& shape) {
  if (model->is_recurrent()) return nullptr;
  std::unique_ptr<TrunkContext> made(new TrunkContext(std::move(model), settings, shape));
  if (!made->hidden_.can_end() || !made->learn_projection(settings)) return nullptr;
  return made;
}

bool TrunkContext::learn_projection(const ContextSettings& settings) {
  hidden_.observe_output([&](const ggml_tensor& output) { projection_ = Projection::read(output, settings); });
  std::vector<float> hidden;
  Batch batch;
  batch.add(0, 0, 0, true);
  hidden_.decode_whole(batch, [&](size_t, const float* row) { hidden.assign(row, row + context().model().n_embd()); });
  hidden_.observe_output(nullptr);
  if (!projection_) return false;
  const float* logits = engine().llama_get_logits_ith(context().handle(), 0);
  const bool same =
      logits != nullptr && alike(logits, project(hidden), static_cast<size_t>(context().model().n_vocab()));
  context().truncate(0, 0);
  return same;
}

const float* TrunkContext::project(const std::vector<float>& hidden) {
  const Stopwatch watch;
  const size_t rows = hidden.size() / context().model().n_embd();
  logits_.resize(rows * static_cast<size_t>(context().model().n_vocab()));
  projection_->apply(hidden.data(), rows, logits_.data());
  project_ms_ += watch.milliseconds();
  return logits_.data();
}

}  // namespace argsearch

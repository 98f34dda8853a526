#include "search/narrow/wave_filling.h"

#include <limits>

#include "check.h"
#include "search/reward/step_rewards.h"

namespace argsearch {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Contexts of 4 slots and 12 candidates; nothing else of it is asked.
class Contexts : public StepRewards {
 public:
  size_t n_objectives() const override { return 1; }
  double sum(const double*) const override { return 0; }
  size_t length(size_t) const override { return 0; }
  void open(SlotStep&) override {}
  const WaveLayout& layout() const override { return layout_; }
  void rate(const std::vector<Wave>&) override {}
  void commit(const StepPart&) override {}
  void rate_ahead(const std::vector<Window*>&) override {}
  void commit_ahead(const std::vector<Window*>&) override {}
  size_t pending(size_t) const override { return 0; }
  std::vector<double> catch_up(const std::vector<CatchUp>&) override { return {}; }
  void read_states(const std::vector<size_t>&) override {}
  const float* state(size_t, size_t) const override { return nullptr; }
  std::vector<double> before_last(size_t) const override { return {}; }

 private:
  WaveLayout layout_{4, {12, 12}};
};

/// A search whose decodes take made-up times.
struct Filling {
  Contexts rewards;
  SlotState state;
  WaveFilling filling;

  explicit Filling(Gate gate = Gate::kPredicted) {
    state.rewards = &rewards;
    state.settings.gate.gate = gate;
  }

  /// A slot whose gate has left the first `open` of its candidates.
  SlotStep slot(size_t number, size_t open, std::vector<double> lags) {
    SlotStep step;
    step.slot = number;
    step.state = &state;
    step.candidates.tokens.assign(lags.size(), 0);
    step.rated.assign(lags.size(), false);
    for (size_t rank = 0; rank < lags.size(); ++rank) step.open.push_back(rank < open);
    step.predicted = open < lags.size();
    step.lags = std::move(lags);
    return step;
  }

  /// A decode of so many candidates was seen so often, the first time with what it takes to prepare it.
  void take(size_t candidates, double ms, size_t times = 20, size_t context = 0) {
    SlotStep step = slot(4 * context, candidates, std::vector<double>(candidates, 0));
    const Wave wave{context, {{&step, step.unrated(), true}}};
    filling.rated(wave, 10 * ms);
    for (size_t i = 0; i < times; ++i) filling.rated(wave, ms);
  }

  Step narrow(std::vector<SlotStep> slots) {
    Step step = std::move(slots);
    filling.narrow(step);
    return step;
  }
};

using Open = std::vector<bool>;

TEST("wave filling: the next best come in as far as a decode of so many takes no longer") {
  Filling search;
  for (const auto& [size, ms] : {std::pair{2, 10.0}, {3, 10.2}, {4, 10.25}, {5, 10.35}, {6, 12.0}})
    search.take(size, ms);
  // Of 4 within 3 %, of 5 just not.
  const Step step = search.narrow({search.slot(0, 2, {0, 1, 5, 3, 4, 9})});
  CHECK(step[0].open == Open({true, true, false, true, true, false}));
  CHECK(step[0].predicted);
  CHECK(search.narrow({search.slot(0, 5, {0, 1, 2, 3, 4, 5})})[0].n_open() == 5);
}

TEST("wave filling: asked again, it does not count from what it has filled") {
  Filling search;
  for (const auto& [size, ms] : {std::pair{2, 10.0}, {3, 10.2}, {4, 10.4}}) search.take(size, ms);
  Step step = search.narrow({search.slot(0, 2, {0, 1, 2, 3})});
  search.filling.narrow(step);
  CHECK(step[0].open == Open({true, true, true, false}));
}

TEST("wave filling: what was not seen often enough is left as it is") {
  Filling search;
  CHECK(search.narrow({search.slot(0, 2, {0, 1, 2, 3})})[0].n_open() == 2);
  search.take(2, 10);
  CHECK(search.narrow({search.slot(0, 2, {0, 1, 2, 3})})[0].n_open() == 2);
  search.take(4, 10, 3);
  CHECK(search.narrow({search.slot(0, 2, {0, 1, 2, 3})})[0].n_open() == 2);
  search.take(4, 10);
  CHECK(search.narrow({search.slot(0, 2, {0, 1, 2, 3})})[0].n_open() == 4);
}

TEST("wave filling: contexts learn by themselves, and only from waves that hold candidates alone") {
  Filling search;
  search.take(2, 10, 20, 1);
  search.take(4, 10, 20, 1);
  CHECK(search.narrow({search.slot(0, 2, {0, 1, 2, 3})})[0].n_open() == 2);
  CHECK(search.narrow({search.slot(4, 2, {0, 1, 2, 3})})[0].n_open() == 4);
  Filling other(Gate::kBound);
  other.take(2, 10);
  other.take(4, 10);
  CHECK(other.narrow({other.slot(0, 2, {0, 1, 2, 3})})[0].n_open() == 2);
}

TEST("wave filling: slots of a context share what is free, up to what it holds") {
  Filling search;
  for (const size_t size : {4, 6, 12, 13}) search.take(size, 10);
  // 4 of one slot whose gate leaves nothing to open, and 2 of another.
  Step step = search.narrow({search.slot(0, 4, {0, 0, 0, 0}), search.slot(1, 2, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})});
  CHECK(step[0].n_open() + step[1].n_open() == 12);
  CHECK(step[1].open == Open({true, true, true, true, true, true, true, true, false, false}));
  step = search.narrow({search.slot(0, 2, {0, 1, 4, 6}), search.slot(1, 2, {0, 1, 3, 5})});
  CHECK(step[0].open == Open({true, true, true, false}) && step[1].open == Open({true, true, true, false}));
}

TEST("wave filling: gated steps stay so, ends of the policy closed, and some waves as they are") {
  Filling search;
  for (const size_t size : {1, 2, 3, 4}) search.take(size, 10);
  SlotStep gated = search.slot(0, 1, {0, 1, 2, 3});
  gated.gated = true;
  CHECK(search.narrow({gated})[0].n_open() == 1);
  CHECK(search.narrow({search.slot(0, 2, {0, 1, kNever, 3})})[0].open == Open({true, true, false, true}));
  SlotStep measured = search.slot(0, 2, {0, 1, 2, 3});
  measured.draw = 0.99;
  CHECK(search.narrow({measured})[0].n_open() == 2);
  const Step all = search.narrow({search.slot(0, 2, {0, 1, 2, 3})});
  CHECK(all[0].n_open() == 4 && !all[0].predicted);
}

}  // namespace
}  // namespace argsearch

#include "train/predictor_trainer.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "error.h"
#include "train/network.h"

namespace argsearch {
namespace {

/// How much the error of a step's mean counts beside the errors within the step, which decide.
constexpr float kMeanShare = 0.1f;
/// Of the steps of the optimiser, those in which its rate rises.
constexpr double kWarmUp = 0.05;

/// Of the mean squared error of guesses less their step's mean, and kMeanShare of that mean's.
std::vector<float> slopes_of(const NetworkBatch& batch, const std::vector<float>& guesses) {
  std::vector<float> slopes(guesses.size());
  const auto n = static_cast<float>(guesses.size());
  for (size_t step = 0; step < batch.steps(); ++step) {
    const size_t first = batch.starts[step], last = batch.starts[step + 1];
    float mean = 0;
    for (size_t i = first; i < last; ++i) mean += (guesses[i] - batch.targets[i]) / static_cast<float>(last - first);
    for (size_t i = first; i < last; ++i) {
      slopes[i] = 2 / n * (guesses[i] - batch.targets[i] - (1 - kMeanShare) * mean);
    }
  }
  return slopes;
}

/// Share of the targets' variance within steps that guesses explain.
class Explained {
 public:
  void add(const NetworkBatch& batch, const std::vector<float>& guesses) {
    for (size_t step = 0; step < batch.steps(); ++step) {
      const size_t first = batch.starts[step], last = batch.starts[step + 1];
      const auto size = static_cast<double>(last - first);
      double error = 0, target = 0;
      for (size_t i = first; i < last; ++i) {
        error += (guesses[i] - batch.targets[i]) / size;
        target += batch.targets[i] / size;
      }
      for (size_t i = first; i < last; ++i) {
        left_ += std::pow(guesses[i] - batch.targets[i] - error, 2);
        all_ += std::pow(batch.targets[i] - target, 2);
      }
    }
  }
  double share() const { return all_ > 0 ? 1 - left_ / all_ : 0; }

 private:
  double left_ = 0;
  double all_ = 0;
};

/// Fisher and Yates, by a generator that is the same everywhere.
void shuffle(std::vector<size_t>& order, std::mt19937_64& random) {
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
}

/// Linear warm-up, then half a cosine down to 0.
float rate_at(double done, float highest) {
  const double share =
      done < kWarmUp ? done / kWarmUp : (1 + std::cos(3.141592653589793 * (done - kWarmUp) / (1 - kWarmUp))) / 2;
  return static_cast<float>(share) * highest;
}

template <class Visit>
void for_batches(const TrainingData& data, const std::vector<size_t>& steps, size_t size, Visit visit) {
  for (size_t at = 0; at < steps.size(); at += size) {
    const size_t count = std::min(size, steps.size() - at);
    visit(at, data.batch(steps.data() + at, count));
  }
}

double explained(Network& network, const TrainingData& data, const std::vector<size_t>& steps, size_t batch) {
  Explained found;
  for_batches(data, steps, batch, [&](size_t, const NetworkBatch& each) { found.add(each, network.guess(each)); });
  return found.share();
}

std::vector<float> guesses_of(Network& network, const TrainingData& data, size_t batch) {
  std::vector<float> guesses(data.candidates());
  for (const StepRole role : {StepRole::kTraining, StepRole::kStopping, StepRole::kHeldOut}) {
    const std::vector<size_t> steps = data.of_role(role);
    for_batches(data, steps, batch, [&](size_t at, const NetworkBatch& each) {
      const std::vector<float>& found = network.guess(each);
      for (size_t i = 0; i < each.steps(); ++i) {
        for (size_t c = each.starts[i]; c < each.starts[i + 1]; ++c) {
          guesses[data.start(steps[at + i]) + c - each.starts[i]] = data.unscaled(found[c]);
        }
      }
    });
  }
  return guesses;
}

}  // namespace

TrainedPredictor train_predictor(const Trajectories& steps, TokenRows& rows, const TrainingSettings& settings,
                                 const TrainingProgress& progress) {
  const TrainingData data(steps, rows);
  std::vector<size_t> order = data.of_role(StepRole::kTraining);
  const std::vector<size_t> stopping = data.of_role(StepRole::kStopping);
  Network network(steps.n_hidden, data.n_token(), settings.network);
  std::mt19937_64 random(settings.network.seed);
  const size_t per_epoch = (order.size() + settings.batch - 1) / settings.batch;
  const auto moves = static_cast<double>(per_epoch * settings.epochs);
  Network best = network;
  TrainedPredictor result;
  double best_share = -1e300;
  size_t move = 0;
  for (size_t epoch = 1; epoch <= settings.epochs; ++epoch) {
    shuffle(order, random);
    for_batches(data, order, settings.batch, [&](size_t, const NetworkBatch& batch) {
      network.learn(batch, slopes_of(batch, network.guess(batch, /*drops=*/true)));
      ++move;
      network.move(rate_at(static_cast<double>(move) / moves, settings.rate), move);
    });
    const double share = explained(network, data, stopping.empty() ? order : stopping, settings.batch);
    if (share > best_share) {
      best_share = share;
      best = network;
      result.epochs = epoch;
    }
    if (!progress(epoch, settings.epochs, share)) throw Error(ErrorCode::kAborted, "training was aborted.");
  }
  result.guesses = guesses_of(best, data, settings.batch);
  result.weights = data.unscaled(best.weights());
  return result;
}

}  // namespace argsearch

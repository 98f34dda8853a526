#include "search/narrow/predicted.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "search/narrow/served.h"
#include "search/select/select.h"

namespace argsearch {
namespace {

/// Share of the steps that are rated whole.
constexpr double kAudited = 1.0 / 64;
/// Errors that a mean is of, at least and, older ones fading, at most.
constexpr double kFewestErrors = 64;
constexpr double kMostErrors = 4096;
/// How much a broken promise widens z.
constexpr double kBroken = 1.25;

/// What it scores if its reward is this. An end that the policy alone decides about has the best reward of the others.
double score(const SlotStep& slot, size_t rank, double reward) {
  const SlotSettings& settings = slot.state->settings;
  return combine_score(slot.candidates.log_probs[rank], reward, settings.weight, settings.combine);
}

std::vector<double> as_scored(const SlotStep& slot, std::vector<double> guesses) {
  if (slot.state->settings.ending != Ending::kPolicy) return guesses;
  const std::vector<bool>& ends = slot.candidates.ends;
  double best = 0;
  bool any = false;
  for (size_t rank = 0; rank < guesses.size(); ++rank) {
    if (ends[rank]) continue;
    best = any ? std::max(best, guesses[rank]) : guesses[rank];
    any = true;
  }
  for (size_t rank = 0; rank < guesses.size(); ++rank) {
    if (ends[rank]) guesses[rank] = best;
  }
  return guesses;
}

size_t best_of(const SlotStep& slot, const std::vector<double>& guesses) {
  size_t best = 0;
  for (size_t rank = 1; rank < guesses.size(); ++rank) {
    if (score(slot, rank, guesses[rank]) > score(slot, best, guesses[best])) best = rank;
  }
  return best;
}

/// Ends that the policy decides about may win only where all are rated.
std::vector<double> lags_of(const SlotStep& slot) {
  const bool by_policy = slot.state->settings.ending == Ending::kPolicy;
  const std::vector<double> scored = as_scored(slot, slot.guesses);
  const size_t best = best_of(slot, scored);
  std::vector<double> lags;
  for (size_t rank = 0; rank < scored.size(); ++rank) {
    const bool stays = by_policy && slot.candidates.ends[rank];
    lags.push_back(stays ? std::numeric_limits<double>::infinity()
                         : score(slot, best, scored[best]) - score(slot, rank, scored[rank]));
  }
  return lags;
}

bool closes(const SlotStep& slot, const std::vector<bool>& open) {
  return std::count(open.begin(), open.end(), true) < static_cast<ptrdiff_t>(slot.candidates.size());
}

}  // namespace

std::vector<bool> may_win(const SlotStep& slot, const std::vector<double>& guesses, double reach) {
  const std::vector<bool>& ends = slot.candidates.ends;
  const bool by_policy = slot.state->settings.ending == Ending::kPolicy;
  std::vector<bool> open(guesses.size(), false);
  if (by_policy && ends[0]) {  // no other has a better reward than it gets, nor is likelier
    open[0] = true;
    return open;
  }
  const std::vector<double> scored = as_scored(slot, guesses);
  const size_t best = best_of(slot, scored);
  const double least = score(slot, best, scored[best]);
  bool end = false;
  for (size_t rank = 0; rank < open.size(); ++rank) {
    open[rank] = rank == best || score(slot, rank, scored[rank] + reach) >= least;
    end = end || (open[rank] && ends[rank]);
  }
  // Each of the others has a part in what such an end scores.
  if (by_policy && end) open.assign(open.size(), true);
  return open;
}

void PredictorAudit::add_error(double relative) {
  errors_ = std::min(errors_ + 1, kMostErrors);
  mean_square_ += (relative * relative - mean_square_) / errors_;
}

void PredictorAudit::add_audit(bool violated, double allowed) {
  ++audits_;
  violations_ += violated ? 1 : 0;
  allowed_ += allowed;
  // More than chance would make of what is allowed.
  if (violations_ <= allowed_ + 3 * std::sqrt(allowed_) + 1) return;
  broken_ *= kBroken;
  violations_ = 0;
  allowed_ = 0;
}

double PredictorAudit::widening() const {
  return broken_ * (errors_ < kFewestErrors ? 1 : std::max(1.0, std::sqrt(mean_square_)));
}

void Predicted::make_guessers() {
  for (size_t term = guessers_.size(); term < rewards_.size(); ++term) {
    guessers_.push_back(std::make_unique<Guesser>(rewards_.model(term)));
  }
}

/// Root mean square of the errors of the weighted sum within a step, models erring independently.
double Predicted::deviation() const {
  double square = 0;
  for (size_t term = 0; term < guessers_.size(); ++term) {
    square += std::pow(rewards_.weight(term) * guessers_[term]->calibration().deviation, 2);
  }
  return std::sqrt(square);
}

double Predicted::reach(const SlotStep& slot) const {
  const double rate = slot.state->settings.gate.limit;
  double z = 0;
  for (const auto& guesser : guessers_) {
    const PredictorCalibration& calibration = guesser->calibration();
    z = std::max(z, rate > 0 ? calibration.z_for(rate) : calibration.z);
  }
  return z * audit_.widening() * deviation();
}

/// The slot's guesses, and what became of that of the step before.
void Predicted::guess(SlotStep& slot) {
  slot.guesses.assign(slot.candidates.size(), 0);
  double reward = 0;
  double taken_square = 0;
  for (size_t term = 0; term < guessers_.size(); ++term) {
    const double weight = rewards_.weight(term);
    const float* hidden = slot.rewards()->state(term, slot.slot);
    reward += weight * guessers_[term]->reward(hidden);
    taken_square += std::pow(weight * guessers_[term]->calibration().taken_deviation, 2);
    const std::vector<double> rises = guessers_[term]->rises(hidden, slot.candidates.tokens);
    for (size_t rank = 0; rank < rises.size(); ++rank) slot.guesses[rank] += weight * rises[rank];
  }
  for (double& guess : slot.guesses) guess += reward;
  std::optional<double>& before = slot.state->guessed_reward;
  if (before && taken_square > 0) audit_.add_error((reward - *before) / std::sqrt(taken_square));
  before.reset();
}

void Predicted::narrow(Step& step) {
  StepPart slots;
  for (const Gate gate : {Gate::kPredicted, Gate::kPredictedOnly}) {
    for (SlotStep* slot : served(step, gate)) {
      if (slot->guesses.empty()) slots.push_back(slot);
    }
  }
  if (slots.empty()) return;
  make_guessers();
  std::map<StepRewards*, std::vector<size_t>> numbers;
  for (const SlotStep* slot : slots) numbers[slot->rewards()].push_back(slot->slot);
  for (const auto& [rewards, own] : numbers) rewards->read_states(own);
  for (SlotStep* slot : slots) {
    guess(*slot);
    const bool only = slot->state->settings.gate.gate == Gate::kPredictedOnly;
    std::vector<bool> open(slot->candidates.size(), false);
    if (only) {
      open[best_of(*slot, as_scored(*slot, slot->guesses))] = true;
    } else {
      slot->audited = slot->draw < kAudited;
      if (slot->audited) continue;
      open = may_win(*slot, slot->guesses, reach(*slot));
    }
    slot->predicted = closes(*slot, open);
    for (size_t rank = 0; rank < open.size(); ++rank) slot->open[rank] = slot->open[rank] && open[rank];
    slot->gated = slot->n_open() == 1;
    if (slot->state->settings.gate.fills && !only && !slot->gated) slot->lags = lags_of(*slot);
  }
}

void Predicted::learn(const StepPart& chosen) {
  for (SlotStep* slot : chosen) {
    if (slot->guesses.empty() || slot->state->settings.gate.gate != Gate::kPredicted) continue;
    slot->state->guessed_reward = slot->guesses[*slot->chosen];
    if (!slot->audited) continue;
    const double limit = slot->state->settings.gate.limit;
    double allowed = limit;
    for (const auto& guesser : guessers_) {
      if (limit == 0) allowed = std::max(allowed, guesser->calibration().rate);
    }
    slot->violated = !may_win(*slot, slot->guesses, reach(*slot))[*slot->chosen];
    audit_.add_audit(slot->violated, allowed);
  }
}

}  // namespace argsearch

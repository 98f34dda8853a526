#include "search/narrow/guesser.h"

#include "error.h"

namespace argsearch {
namespace {

/// 64 MiB of them at a width of 256.
constexpr size_t kMostTokenParts = 65536;

}  // namespace

Guesser::Guesser(const Model& model)
    : model_(model),
      predictor_(model.predictor()->weights),
      rows_(GgufModel(model.path())),
      row_(rows_.length()),
      hidden_part_(model.predictor()->weights.width) {
  if (model.head()->n_labels() != 1 || rows_.length() != model.predictor()->weights.n_token) {
    throw Error(ErrorCode::kRewardPredictorInvalid,
                model.path() +
                    ": the reward predictor was made for another model. Make it again with \"argsearch reward "
                    "predict\".");
  }
}

double Guesser::reward(const float* hidden) const {
  double reward = 0;
  model_.head()->apply(hidden, &reward);
  return reward;
}

std::vector<double> Guesser::rises(const float* hidden, const std::vector<llama_token>& tokens) {
  predictor_.project_hidden(hidden, hidden_part_.data());
  std::vector<double> rises;
  for (const llama_token token : tokens) {
    rises.push_back(predictor_.guess(hidden_part_.data(), token_part(token).data()));
  }
  return rises;
}

const std::vector<float>& Guesser::token_part(llama_token token) {
  if (token_parts_.size() >= kMostTokenParts && token_parts_.count(token) == 0) token_parts_.clear();
  const auto [place, is_new] = token_parts_.try_emplace(token);
  if (is_new) {
    place->second.resize(hidden_part_.size());
    rows_.read(token, row_.data());
    predictor_.project_token(row_.data(), place->second.data());
  }
  return place->second;
}

}  // namespace argsearch

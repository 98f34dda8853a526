#include "search/reward/retokeniser.h"

#include <algorithm>

#include "model/whole_text.h"

namespace argsearch {

Retokeniser::Retokeniser(const Vocabulary& policy, const Vocabulary& own)
    : policy_(policy), own_(own), continuation_(own) {
  for (llama_token token = 0; token < policy.size(); ++token) {
    longest_ = std::max(longest_, policy.piece(token, /*special=*/false).size());
  }
}

ResponseText Retokeniser::with(const ResponseText& before, llama_token token) const {
  if (policy_.ends_generation(token)) return {before.text + ended_text(before.torn), ""};
  WholeText added = whole_text(before.torn + policy_.piece(token, /*special=*/false));
  return {before.text + added.text, std::move(added.rest)};
}

std::vector<llama_token> Retokeniser::apart(const ResponseText& before, llama_token token,
                                            const std::vector<llama_token>& end) {
  const bool ends = policy_.ends_generation(token);
  const bool alone = before.torn.empty() && !ends;
  if (alone && seen_.count(token) > 0) return seen_[token];
  const std::string added = with({"", before.torn}, token).text;
  std::vector<llama_token> tokens;
  if (!added.empty()) tokens = continuation_.tokens(added);
  if (ends) tokens.insert(tokens.end(), end.begin(), end.end());
  if (alone) seen_[token] = tokens;
  return tokens;
}

Retokenised Retokeniser::whole(const ResponseText& before, const std::vector<llama_token>& tokens,
                               const std::vector<llama_token>& end) const {
  ResponseText after = before;
  std::vector<size_t> lengths;
  for (const llama_token token : tokens) {
    after = with(after, token);
    lengths.push_back(after.text.size());
  }
  Retokenised found;
  if (!after.text.empty()) found.tokens = continuation_.tokens(after.text);
  const std::vector<size_t> ends = ends_of(found.tokens);
  for (const size_t length : lengths) {
    // Some tokenizers write a text otherwise than it was.
    const bool all = length == after.text.size();
    const auto behind = all ? ends.end() : std::upper_bound(ends.begin(), ends.end(), length);
    found.read_by.push_back(static_cast<size_t>(behind - ends.begin()));
  }
  if (!tokens.empty() && policy_.ends_generation(tokens.back())) {
    found.tokens.insert(found.tokens.end(), end.begin(), end.end());
    found.read_by.back() = found.tokens.size();
  }
  return found;
}

std::vector<size_t> Retokeniser::ends_of(const std::vector<llama_token>& tokens) const {
  std::vector<size_t> ends;
  size_t written = 0;
  for (const llama_token token : tokens) ends.push_back(written += own_.piece(token, /*special=*/false).size());
  return ends;
}

}  // namespace argsearch

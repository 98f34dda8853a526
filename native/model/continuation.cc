#include "model/continuation.h"

#include <algorithm>

namespace argsearch {

Continuation::Continuation(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
  if (text_of(whole("a")) == "a") return;
  // Hardly anything merges with them.
  for (const char* lead : {"\x01", "\n", "."}) leads_.push_back({lead, whole(lead)});
}

std::vector<llama_token> Continuation::tokens(const std::string& text) const {
  std::vector<llama_token> first;
  for (const Lead& lead : leads_) {
    std::vector<llama_token> found = behind(lead, text);
    if (!found.empty() && text_of(found) == text) return found;
    if (first.empty()) first = std::move(found);
  }
  return first.empty() ? whole(text) : first;
}

std::string Continuation::text_of(const std::vector<llama_token>& tokens) const {
  std::string text;
  for (const llama_token token : tokens) text += vocabulary_.piece(token, /*special=*/false);
  return text;
}

std::vector<llama_token> Continuation::whole(const std::string& text) const {
  return vocabulary_.tokenize(text, /*add_special=*/false, /*parse_special=*/false);
}

/// None where the two cannot be told apart.
std::vector<llama_token> Continuation::behind(const Lead& lead, const std::string& text) const {
  const std::vector<llama_token> all = whole(lead.text + text);
  const size_t before = lead.tokens.size();
  if (before == 0 || all.size() <= before || !std::equal(lead.tokens.begin(), lead.tokens.end(), all.begin())) return {};
  return {all.begin() + static_cast<ptrdiff_t>(before), all.end()};
}

}  // namespace argsearch

#pragma once

#include <string>
#include <vector>

#include "model/vocabulary.h"

namespace argsearch {

/// Cuts texts that continue others, as decoding would write them: without the space that SentencePiece and its like put
/// before every text. Nothing in them is a control token. What Model.responseTokens() of src/model/model.ts does.
class Continuation {
 public:
  /// `vocabulary` outlives it.
  explicit Continuation(const Vocabulary& vocabulary);

  /// What Vocabulary::tokenize() throws.
  std::vector<llama_token> tokens(const std::string& text) const;
  /// What tokens write.
  std::string text_of(const std::vector<llama_token>& tokens) const;

 private:
  /// A text that others are put behind to see how they go on.
  struct Lead {
    std::string text;
    std::vector<llama_token> tokens;
  };
  std::vector<llama_token> whole(const std::string& text) const;
  std::vector<llama_token> behind(const Lead& lead, const std::string& text) const;

  const Vocabulary& vocabulary_;
  /// None for a vocabulary that puts nothing before a text.
  std::vector<Lead> leads_;
};

}  // namespace argsearch

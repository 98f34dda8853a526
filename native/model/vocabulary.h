#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/llama_api.h"

namespace argsearch {

/// A model's tokens, in and out of text. Immutable, so any thread may use it.
class Vocabulary {
 public:
  /// `path` is for messages.
  Vocabulary(const llama_vocab* vocab, std::string path)
      : vocab_(vocab), path_(std::move(path)), size_(engine().llama_vocab_n_tokens(vocab)) {}

  const llama_vocab* handle() const { return vocab_; }
  const std::string& path() const { return path_; }
  int32_t size() const { return size_; }

  /// MODEL_INVALID when the vocabulary lacks what its tokenizer needs; PROMPT_TOO_LONG for a line that is longer than
  /// the tokenizer may recurse. Takes as long as the engine's tokenizer does: a second or so for a megabyte, with a few
  /// vocabularies much longer for texts made to be slow.
  std::vector<llama_token> tokenize(const std::string& text, bool add_special, bool parse_special) const;
  /// A bound from below for the tokens that a text becomes, told by its length alone; 0 where none can be told.
  size_t least_tokens(const std::string& text) const;
  /// UTF-8 bytes of a token; `special` renders control tokens as their text.
  std::string piece(llama_token token, bool special) const;
  /// As the file spells it; empty for what is no token.
  std::string text(llama_token token) const;
  /// A response ends with it.
  bool ends_generation(llama_token token) const { return engine().llama_vocab_is_eog(vocab_, token); }
  /// One of the kinds LLAMA_TOKEN_ATTR_*, or of several that are given together.
  bool is(llama_token token, int kinds) const {
    return (static_cast<int>(engine().llama_vocab_get_attr(vocab_, token)) & kinds) != 0;
  }

 private:
  /// What least_tokens() goes by.
  struct Reach {
    std::once_flag measured;
    /// Bytes of the longest token; 0 where a text may lose bytes as it is cut.
    size_t longest = 0;
    /// Some tokens take the white space beside them.
    bool strips = false;
  };
  void measure(Reach& reach) const;
  std::vector<llama_token> tokenize_here(const std::string& text, bool add_special, bool parse_special) const;

  const llama_vocab* vocab_;
  std::string path_;
  int32_t size_;
  std::shared_ptr<Reach> reach_ = std::make_shared<Reach>();
};

}  // namespace argsearch

#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/continuation.h"

namespace argsearch {

/// A response so far: its whole characters, and the bytes behind them that begin one.
struct ResponseText {
  std::string text;
  std::string torn;
};

/// A response in another vocabulary than the policy's.
struct Retokenised {
  std::vector<llama_token> tokens;
  /// For each of the policy's tokens, how many of `tokens` end where it does or before.
  std::vector<size_t> read_by;
};

/// The policy's tokens in a reward model's own. Not thread-safe.
class Retokeniser {
 public:
  /// Both outlive it.
  Retokeniser(const Vocabulary& policy, const Vocabulary& own);

  /// The response with one more of the policy's tokens. An end leaves no character torn: that becomes U+FFFD.
  ResponseText with(const ResponseText& before, llama_token token) const;
  /// What that token adds, cut apart from what stands before it; none where it completes no character, and of control
  /// tokens. `end`: what the reward model reads for a token that ends the response.
  std::vector<llama_token> apart(const ResponseText& before, llama_token token, const std::vector<llama_token>& end);
  /// The response and tokens behind it, cut anew as a whole.
  Retokenised whole(const ResponseText& before, const std::vector<llama_token>& tokens,
                    const std::vector<llama_token>& end) const;
  /// Most tokens that apart() gives, for an end of `end` tokens: a byte each.
  size_t most_tokens(size_t end) const { return longest_ + kTornBytes + end; }

 private:
  /// A character lacks at least one of its four bytes; each of them may become U+FFFD.
  static constexpr size_t kTornBytes = 9;
  /// How many bytes are written by the end of each token.
  std::vector<size_t> ends_of(const std::vector<llama_token>& tokens) const;

  const Vocabulary& policy_;
  const Vocabulary& own_;
  Continuation continuation_;
  /// Of the policy's tokens behind whole characters: cutting a text takes up to a tenth of a millisecond.
  std::unordered_map<llama_token, std::vector<llama_token>> seen_;
  size_t longest_ = 0;
};

}  // namespace argsearch

#pragma once

#include <string>

namespace argsearch {

/// Text of whole characters, and the bytes behind it that are the beginning of one.
struct WholeText {
  std::string text;
  std::string rest;
};

/// What bytes that arrive in pieces make so far. What can be no UTF-8 becomes U+FFFD, as the WHATWG's decoder has it.
WholeText whole_text(const std::string& bytes);

/// The same where nothing follows: a character that stayed torn becomes U+FFFD, too.
std::string ended_text(const std::string& bytes);

}  // namespace argsearch

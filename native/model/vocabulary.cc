#include "model/vocabulary.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>

#include "engine/assertion_guard.h"
#include "error.h"
#include "model/deep_stack.h"

namespace argsearch {
namespace {

// llama.cpp cuts the text of most BPE vocabularies into words by regular expressions, which std::regex matches by
// recursion: some 350 bytes of stack for each character of a match (measured with the engine's builds), and a page more
// would end the process.
constexpr size_t kStackPerCharacter = 1024;
constexpr size_t kStackBeside = size_t{1} << 20;
constexpr size_t kMostStack = size_t{1} << 30;
constexpr size_t kMostCharacters = (kMostStack - kStackBeside) / kStackPerCharacter;
/// Characters of a match that the caller's own stack has room for: a worker's may be small, and deep in use.
constexpr size_t kCharactersHere = 128;

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

/// The first two bytes of a character that is white space, or may be.
bool may_be_space(unsigned char first, unsigned char second) {
  switch (first) {
    case 0xc2:
      return true;
    case 0xe1:
      return second == 0x9a || second == 0xa0;
    case 0xe2:
      return second == 0x80 || second == 0x81;
    case 0xe3:
      return second == 0x80;
    default:
      return first <= ' ' || first == 0x7f;
  }
}

/// Bounds the characters of any match: no pre-tokenizer's word goes on behind a line break that something visible
/// follows, but for a slash.
size_t longest_match(const std::string& text) {
  size_t longest = 0;
  size_t length = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins_line = i > 0 && text[i - 1] == '\n' && text[i] != '/';
    if (begins_line && !may_be_space(text[i], i + 1 < text.size() ? text[i + 1] : 0)) length = 0;
    length += begins_character(text[i]);
    longest = std::max(longest, length);
  }
  return longest;
}

}  // namespace

std::vector<llama_token> Vocabulary::tokenize(const std::string& text, bool add_special, bool parse_special) const {
  const bool recurses = engine().llama_vocab_type(vocab_) == LLAMA_VOCAB_TYPE_BPE;
  const size_t depth = recurses ? longest_match(text) : 0;
  if (depth > kMostCharacters) {
    throw Error(ErrorCode::kPromptTooLong, "a line of " + std::to_string(depth) + " characters is too long for " +
                                               path_ + ": its tokenizer takes " + std::to_string(kMostCharacters) +
                                               " without a line break. Break it, or shorten it.");
  }
  std::vector<llama_token> tokens;
  const auto work = [&] { tokens = tokenize_here(text, add_special, parse_special); };
  if (depth <= kCharactersHere) {
    work();
  } else {
    on_deep_stack(kStackBeside + depth * kStackPerCharacter, work);
  }
  return tokens;
}

std::vector<llama_token> Vocabulary::tokenize_here(const std::string& text, bool add_special,
                                                   bool parse_special) const {
  const AssertionGuard guard;
  const auto length = static_cast<int32_t>(text.size());
  try {
    // Room for the usual case, a token a byte at most; untouched, it takes no memory.
    size_t room = text.size() + 8;
    std::unique_ptr<llama_token[]> tokens(new llama_token[room]);
    const auto run = [&] {
      return engine().llama_tokenize(vocab_, text.data(), length, tokens.get(), static_cast<int32_t>(room), add_special,
                                     parse_special);
    };
    int32_t count = run();
    if (count < 0) {
      room = static_cast<size_t>(-static_cast<int64_t>(count));
      tokens.reset(new llama_token[room]);
      count = run();
    }
    return {tokens.get(), tokens.get() + std::max(count, 0)};
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, "there is no memory to cut a text of " + std::to_string(text.size()) +
                                             " bytes into tokens of " + path_ + ".");
  } catch (const std::exception& error) {
    throw Error(ErrorCode::kModelInvalid, path_ + ": its vocabulary cannot tokenize (" + error.what() +
                                              "). The file is damaged, or made for another tokenizer.");
  }
}

size_t Vocabulary::least_tokens(const std::string& text) const {
  std::call_once(reach_->measured, [this] { measure(*reach_); });
  if (reach_->longest == 0) return 0;
  const auto is_space = [](char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); };
  const auto spaces = reach_->strips ? std::count_if(text.begin(), text.end(), is_space) : 0;
  const size_t bytes = text.size() - static_cast<size_t>(spaces);
  return (bytes + reach_->longest - 1) / reach_->longest;
}

/// Every byte of a text is in some token, provided that every byte is a token by itself; the others tokenizers sum up
/// what they do not know, or drop it.
void Vocabulary::measure(Reach& reach) const {
  const enum llama_vocab_type type = engine().llama_vocab_type(vocab_);
  if (type != LLAMA_VOCAB_TYPE_BPE && type != LLAMA_VOCAB_TYPE_SPM) return;
  std::vector<bool> bytes(256, false);
  for (const int never : {0xc0, 0xc1, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff}) {
    bytes[static_cast<size_t>(never)] = true;  // in UTF-8
  }
  size_t longest = 0;
  for (llama_token token = 0; token < size(); ++token) {
    const std::string text = piece(token, /*special=*/true);
    if (text.size() == 1) bytes[static_cast<unsigned char>(text[0])] = true;
    longest = std::max({longest, text.size(), this->text(token).size()});
    reach.strips = reach.strips || is(token, LLAMA_TOKEN_ATTR_LSTRIP | LLAMA_TOKEN_ATTR_RSTRIP);
  }
  if (std::find(bytes.begin(), bytes.end(), false) == bytes.end()) reach.longest = longest;
}

std::string Vocabulary::piece(llama_token token, bool special) const {
  std::string bytes(64, '\0');
  const auto run = [&] {
    return engine().llama_token_to_piece(vocab_, token, bytes.data(), static_cast<int32_t>(bytes.size()), 0, special);
  };
  int32_t length = run();
  if (length < 0) {
    bytes.resize(static_cast<size_t>(-length));
    length = run();
  }
  bytes.resize(static_cast<size_t>(std::max(length, 0)));
  return bytes;
}

std::string Vocabulary::text(llama_token token) const {
  if (token < 0 || token >= size()) return "";
  const char* text = engine().llama_vocab_get_text(vocab_, token);
  return text != nullptr ? text : "";
}

}  // namespace argsearch

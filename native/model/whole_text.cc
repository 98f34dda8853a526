#include "model/whole_text.h"

#include <algorithm>

namespace argsearch {
namespace {

const std::string kReplacement = "\xef\xbf\xbd";

/// What a lead byte announces: how many bytes follow it, and from where to where the first of them may be.
struct Lead {
  size_t following;
  unsigned char least;
  unsigned char most;
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xc2 && byte <= 0xdf) return {1, 0x80, 0xbf};
  if (byte >= 0xe0 && byte <= 0xef)
    return {2, static_cast<unsigned char>(byte == 0xe0 ? 0xa0 : 0x80),
            static_cast<unsigned char>(byte == 0xed ? 0x9f : 0xbf)};
  if (byte >= 0xf0 && byte <= 0xf4)
    return {3, static_cast<unsigned char>(byte == 0xf0 ? 0x90 : 0x80),
            static_cast<unsigned char>(byte == 0xf4 ? 0x8f : 0xbf)};
  return {0, 0, 0};
}

/// By its lead byte alone, bytes of a character that is none among them: as src/model/text-decoder.ts has it.
size_t announced_length(unsigned char lead) {
  if (lead >= 0xf8) return 1;  // no character begins like this: nothing to wait for
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

/// Without a character at the end that lacks bytes.
size_t complete_length(const std::string& bytes) {
  for (size_t back = 1; back <= std::min<size_t>(3, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;
    return announced_length(byte) > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

}  // namespace

WholeText whole_text(const std::string& bytes) {
  const size_t length = complete_length(bytes);
  return {ended_text(bytes.substr(0, length)), bytes.substr(length)};
}

std::string ended_text(const std::string& bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte < 0x80) {
      text += bytes[at++];
      continue;
    }
    auto [following, least, most] = lead_of(byte);
    size_t length = 1;
    while (length <= following && at + length < bytes.size()) {
      const auto next = static_cast<unsigned char>(bytes[at + length]);
      if (next < least || next > most) break;
      least = 0x80;
      most = 0xbf;
      ++length;
    }
    const bool whole = following > 0 && length == following + 1;
    text += whole ? bytes.substr(at, length) : kReplacement;
    at += length;
  }
  return text;
}

}  // namespace argsearch

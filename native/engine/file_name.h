#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

namespace argsearch {

/// Reading names of libraries by hand: std::regex, with the locales it needs, would be a third of the addon.

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

inline bool cut_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Cuts off the characters at the beginning that satisfy `is`, and returns them.
template <class Is>
std::string_view cut_while(std::string_view& text, Is is) {
  std::size_t length = 0;
  while (length < text.size() && is(text[length])) ++length;
  const std::string_view head = text.substr(0, length);
  text.remove_prefix(length);
  return head;
}

/// A library's name without "lib" and its extension; nothing for what has none of these extensions.
inline std::optional<std::string_view> library_stem(std::string_view name,
                                                    std::initializer_list<std::string_view> extensions) {
  cut_prefix(name, "lib");
  for (const std::string_view extension : extensions) {
    if (name.size() > extension.size() && name.substr(name.size() - extension.size()) == extension) {
      return name.substr(0, name.size() - extension.size());
    }
  }
  return std::nullopt;
}

}  // namespace argsearch

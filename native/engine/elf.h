#pragma once

#include <string>

namespace argsearch {

/// Whether a library (UTF-8 path) is shorter than its own headers say: what is mapped beyond its end is a bus error at
/// the first touch. Only little-endian ELF tells; false for other formats, and for what cannot be read.
bool is_cut_short(const std::string& path);

/// ENGINE_INCOMPATIBLE for a library that is cut short.
void require_whole(const std::string& path);

}  // namespace argsearch

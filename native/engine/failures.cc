#include "engine/failures.h"

namespace argsearch {
namespace {

struct Phrase {
  const char* words;
  EngineFailure failure;
};

// llama.cpp's own words, or those of its C and C++ libraries, in the releases that abi.cc accepts;
// test/errors/phrases.test.ts looks whether they still are. The first that is found counts.
constexpr Phrase kPhrases[] = {
    {"unknown model architecture", EngineFailure::kUnknownArchitecture},
    {"unable to allocate", EngineFailure::kOutOfMemory},
    {"failed to allocate", EngineFailure::kOutOfMemory},
    {"mem_buffer != NULL", EngineFailure::kOutOfMemory},
    {"Cannot allocate memory", EngineFailure::kOutOfMemory},
    {"bad_alloc", EngineFailure::kOutOfMemory},
    {"cache type", EngineFailure::kCacheType},
    {"iostream", EngineFailure::kUnwritable},
    {"GGML_ASSERT", EngineFailure::kAssertion},
};

constexpr const char* kOuter[] = {": failed to load model", ": failed to read "};

bool has(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

EngineFailure failure_in(const std::string& text) {
  for (const Phrase& phrase : kPhrases) {
    if (has(text, phrase.words)) return phrase.failure;
  }
  return EngineFailure::kOther;
}

bool is_outer_failure(const std::string& line) {
  for (const char* words : kOuter) {
    if (has(line, words)) return true;
  }
  return false;
}

}  // namespace argsearch

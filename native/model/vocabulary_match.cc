#include "model/vocabulary_match.h"

#include <algorithm>

namespace argsearch {
namespace {

bool exists(const Vocabulary& vocabulary, llama_token token) { return token >= 0 && token < vocabulary.size(); }

/// "<think>": added beside the alphabet of a text, though not as a control token.
bool is_markup(const std::string& text) { return text.size() > 2 && text.front() == '<' && text.back() == '>'; }

/// No part of a text: what tells of its structure, or nothing at all.
bool is_structure(const Vocabulary& vocabulary, llama_token token) {
  return lacks(vocabulary, token) || vocabulary.is(token, LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN) ||
         (vocabulary.is(token, LLAMA_TOKEN_ATTR_USER_DEFINED) && is_markup(vocabulary.text(token)));
}

/// llama.cpp also ends generation at tokens for filling in the middle, "[PAD]" among them: no model ends a turn so.
bool ends_turn(const Vocabulary& vocabulary, llama_token token) {
  const LlamaApi& api = engine();
  const llama_vocab* vocab = vocabulary.handle();
  return exists(vocabulary, token) && vocabulary.ends_generation(token) && token != api.llama_vocab_fim_pad(vocab) &&
         token != api.llama_vocab_fim_rep(vocab) && token != api.llama_vocab_fim_sep(vocab);
}

/// The one that ends its turns, not one of several that may.
bool is_main_end(const Vocabulary& vocabulary, llama_token token) {
  return token == engine().llama_vocab_eos(vocabulary.handle()) ||
         token == engine().llama_vocab_eot(vocabulary.handle());
}

bool is_reserved(const std::string& text) {
  return text.find("reserved") != std::string::npos || text.find("placeholder") != std::string::npos;
}

/// One has found a use, beside its main end, for a token that the other keeps in reserve: Llama 3.1's "<|eom_id|>".
bool has_taken_reserve(const Vocabulary& one, const Vocabulary& other, llama_token token) {
  return is_reserved(other.text(token)) && !is_main_end(one, token) && !is_main_end(other, token);
}

std::string quoted(const Vocabulary& vocabulary, llama_token token) {
  if (!exists(vocabulary, token)) return "missing";
  const char* unused = lacks(vocabulary, token) ? " (unused)" : "";
  return "\"" + vocabulary.text(token) + "\"" + unused;
}

/// Two names of one id mean the same, or one of the two has no use for it.
bool is_compatible(const Vocabulary& judge, const Vocabulary& policy, llama_token token) {
  for (const Vocabulary* vocabulary : {&judge, &policy}) {
    if (exists(*vocabulary, token) && !is_structure(*vocabulary, token)) return false;
  }
  if (lacks(judge, token)) return !ends_turn(policy, token);
  if (lacks(policy, token)) return true;
  const LlamaApi& api = engine();
  const bool begins = token == api.llama_vocab_bos(judge.handle());
  if (begins != (token == api.llama_vocab_bos(policy.handle()))) return false;
  return ends_turn(judge, token) == ends_turn(policy, token) || has_taken_reserve(judge, policy, token) ||
         has_taken_reserve(policy, judge, token);
}

std::string difference_at(const Vocabulary& judge, const Vocabulary& policy, llama_token token) {
  std::string words =
      "oken " + std::to_string(token) + " is " + quoted(judge, token) + " against " + quoted(policy, token);
  if (ends_turn(judge, token) != ends_turn(policy, token)) {
    words +=
        ", which ends a response for " + std::string(ends_turn(policy, token) ? "the latter" : "the former") + " only";
  }
  if (judge.size() == policy.size()) return "t" + words;
  return std::to_string(judge.size()) + " tokens against " + std::to_string(policy.size()) + ". T" + words;
}

}  // namespace

std::string vocabulary_difference(const Vocabulary& judge, const Vocabulary& policy) {
  const LlamaApi& api = engine();
  for (llama_token token = 0; token < std::max(judge.size(), policy.size()); ++token) {
    const bool both = exists(judge, token) && exists(policy, token);
    const bool same =
        both && judge.text(token) == policy.text(token) && !(lacks(judge, token) && ends_turn(policy, token));
    if (!same && !is_compatible(judge, policy, token)) return difference_at(judge, policy, token);
  }
  if (api.llama_vocab_type(judge.handle()) != api.llama_vocab_type(policy.handle())) {
    return "their tokenizers are of different types";
  }
  return "";
}

bool lacks(const Vocabulary& vocabulary, llama_token token) {
  if (!exists(vocabulary, token) || vocabulary.is(token, LLAMA_TOKEN_ATTR_UNUSED)) return true;
  // What llama.cpp's converter calls padding; until 2024 it gave it another kind.
  return vocabulary.text(token) == "[PAD" + std::to_string(token) + "]";
}

std::vector<bool> lacking(const Vocabulary& policy, const std::vector<const Vocabulary*>& others) {
  std::vector<bool> ids(static_cast<size_t>(policy.size()), false);
  for (llama_token token = 0; token < policy.size(); ++token) {
    ids[static_cast<size_t>(token)] =
        std::any_of(others.begin(), others.end(), [&](const Vocabulary* other) { return lacks(*other, token); });
  }
  if (std::find(ids.begin(), ids.end(), true) == ids.end()) ids.clear();
  return ids;
}

}  // namespace argsearch

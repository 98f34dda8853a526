#include "texts/prefix_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bounds.h"
#include "context/probe.h"
#include "error.h"
#include "search/propose/log_sum_exp.h"

namespace argsearch {
namespace {

constexpr size_t kNoText = SIZE_MAX;
/// Tokens that decoding again costs next to nothing.
constexpr size_t kLittle = 16;

std::shared_ptr<const Model> checked(const PrefixReaderSettings& settings) {
  settings.model->check_context_size(settings.context_size);
  return settings.model;
}

uint32_t prefixes_of(const PrefixReaderSettings& settings) {
  return settings.model->can_branch() ? std::max(settings.prefixes, 1u) : 1;
}

uint32_t branches_of(const PrefixReaderSettings& settings) {
  if (!settings.model->can_branch()) return 0;
  return text_sequences(kDraftsPerSlot, state_bytes(settings.model, settings.context));
}

/// The branches of a call share what one more text could have, so that no call depends on what the slots hold.
ContextShape shape_of(const PrefixReaderSettings& settings) {
  const uint32_t prefixes = prefixes_of(settings);
  const uint32_t branches = branches_of(settings);
  const uint32_t texts = prefixes + (branches > 0 ? 1 : 0);
  return ContextShape{settings.context_size * texts, prefixes + branches, std::max(branches, 1u)};
}

/// What all of them begin with, but for the last token of each, which is read.
std::vector<llama_token> beginning_of(const std::vector<OpenText>& texts) {
  const std::vector<llama_token>& first = texts[0].tokens;
  size_t common = first.size() - 1;
  for (const OpenText& text : texts) {
    common = std::min({common, text.tokens.size() - 1, common_prefix(first, text.tokens)});
  }
  return {first.begin(), first.begin() + static_cast<ptrdiff_t>(common)};
}

/// Those that resemble each other side by side.
std::vector<size_t> sorted(const std::vector<OpenText>& texts) {
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return texts[a].tokens < texts[b].tokens; });
  return order;
}

}  // namespace

PrefixReader::PrefixReader(const PrefixReaderSettings& settings)
    : context_(checked(settings), settings.context, shape_of(settings)),
      prefixes_(context_, prefixes_of(settings)),
      branches_(context_, prefixes_of(settings),
                {prefixes_of(settings), prefixes_of(settings) + branches_of(settings)}),
      context_size_(settings.context_size),
      outputs_(std::max(branches_of(settings), 1u)),
      used_(prefixes_of(settings)) {}

void PrefixReader::check(const OpenText& text) const {
  const Model& model = context_.model();
  if (text.tokens.empty()) throw Error(ErrorCode::kPromptEmpty, "a text to read has no tokens.");
  if (text.tokens.size() > context_size_) {
    throw Error(ErrorCode::kPromptTooLong, "a text to read has " + std::to_string(text.tokens.size()) +
                                               " tokens, but contextSize is " + std::to_string(context_size_) + ".");
  }
  const auto is_foreign = [&](llama_token token) { return token < 0 || token >= model.n_vocab(); };
  if (std::any_of(text.tokens.begin(), text.tokens.end(), is_foreign) ||
      std::any_of(text.wanted.begin(), text.wanted.end(), is_foreign)) {
    throw Error(ErrorCode::kOptionInvalid, "a token is outside the vocabulary.");
  }
}

std::vector<std::vector<double>> PrefixReader::read(const std::vector<OpenText>& texts) {
  for (const OpenText& text : texts) check(text);
  std::vector<std::vector<double>> results(texts.size());
  if (texts.empty()) return results;
  if (branches_.capacity() == 0) {
    std::transform(texts.begin(), texts.end(), results.begin(),
                   [this](const OpenText& text) { return read_alone(text); });
    return results;
  }
  const size_t slot = hold(beginning_of(texts));
  const std::vector<size_t> order = sorted(texts);
  try {
    for (size_t first = 0; first < order.size();) {
      const Wave wave = next_wave(slot, texts, order, first);
      decode_wave(wave, texts, results);
      branches_.drop(slot);
      first += wave.texts;
    }
  } catch (...) {
    branches_.drop(slot);
    throw;
  }
  return results;
}

size_t PrefixReader::hold(const std::vector<llama_token>& beginning) {
  const size_t slot = slot_for(beginning);
  used_[slot] = ++calls_;
  prefixes_.fill(slot, beginning, [this](Batch& batch) { decode(batch); });
  return slot;
}

/// The slot with most of it, unless that would lose more than what the ends of texts differ by: then it is another
/// conversation, which gets the slot that has waited longest, and shares the cells of what both begin with.
size_t PrefixReader::slot_for(const std::vector<llama_token>& beginning) {
  size_t best = 0;
  for (size_t slot = 1; slot < prefixes_.slots(); ++slot) {
    if (prefixes_.common(slot, beginning) > prefixes_.common(best, beginning)) best = slot;
  }
  if (prefixes_.size(best) - prefixes_.common(best, beginning) <= kLittle) return best;
  return static_cast<size_t>(std::min_element(used_.begin(), used_.end()) - used_.begin());
}

PrefixReader::Wave PrefixReader::next_wave(size_t slot, const std::vector<OpenText>& texts,
                                           const std::vector<size_t>& order, size_t first) {
  const auto start = static_cast<size_t>(prefixes_.end(slot));
  const bool shares = !context_.model().is_recurrent();  // a batch of which knows one sequence a token
  Wave wave;
  std::vector<size_t> path;  // places in the wave of the tokens of the text before
  for (size_t place = first; place < order.size() && branches_.free() > 0; ++place) {
    const std::vector<llama_token>& tokens = texts[order[place]].tokens;
    size_t shared = 0;
    if (shares && place > first) {
      const std::vector<llama_token>& before = texts[order[place - 1]].tokens;
      shared = std::min({common_prefix(before, tokens), before.size() - 1, tokens.size() - 1}) - start;
    }
    if (place > first && wave.tokens.size() + tokens.size() - start - shared > context_size_) break;
    const llama_seq_id sequence = branches_.take(slot, order[place]);
    path.resize(shared);
    for (size_t i = start + shared; i < tokens.size(); ++i) {
      path.push_back(wave.tokens.size());
      wave.tokens.push_back({tokens[i], static_cast<llama_pos>(i), {}, kNoText});
    }
    for (const size_t token : path) wave.tokens[token].sequences.push_back(sequence);
    wave.tokens.back().text = order[place];
    ++wave.texts;
  }
  return wave;
}

void PrefixReader::decode_wave(const Wave& wave, const std::vector<OpenText>& texts,
                               std::vector<std::vector<double>>& results) {
  Batch batch;
  std::vector<std::pair<size_t, size_t>> read;  // place in the batch, text
  const auto flush = [&] {
    if (batch.empty()) return;
    decode(batch);
    for (const auto& [place, text] : read) results[text] = log_probs(place, texts[text].wanted);
    batch.clear();
    read.clear();
  };
  for (const SharedToken& each : wave.tokens) {
    const bool output = each.text != kNoText;
    if (batch.size() == context_.batch_size() || (output && read.size() == outputs_)) flush();
    if (output) read.emplace_back(batch.size(), each.text);
    batch.add(each.token, each.position, each.sequences, output);
  }
  flush();
}

std::vector<double> PrefixReader::read_alone(const OpenText& text) {
  const size_t slot = hold({text.tokens.begin(), text.tokens.end() - 1});
  Batch batch;
  batch.add(text.tokens.back(), prefixes_.end(slot), Prefixes::sequence(slot), true);
  try {
    decode(batch);
  } catch (...) {
    prefixes_.repair(slot);
    throw;
  }
  prefixes_.push(slot, text.tokens.back());
  return log_probs(0, text.wanted);
}

std::vector<double> PrefixReader::log_probs(size_t token, const std::vector<llama_token>& wanted) const {
  const Model& model = context_.model();
  const float* logits = context_.logits(token);
  const double norm = log_sum_exp(logits, static_cast<size_t>(model.n_vocab()));
  if (!std::isfinite(norm)) {
    throw Error(ErrorCode::kDecodeFailed, model.path() + ": the logits are not finite numbers. The file is damaged.");
  }
  std::vector<double> found;
  for (const llama_token each : wanted) found.push_back(static_cast<double>(logits[each]) - norm);
  return found;
}

void PrefixReader::decode(Batch& batch) {
  context_.decode(batch);
  counters_.tokens += batch.size();
  ++counters_.decodes;
}

}  // namespace argsearch

#include "texts/scorer.h"

#include <algorithm>

#include "bounds.h"
#include "context/probe.h"
#include "error.h"

namespace argsearch {
namespace {

std::shared_ptr<const Model> checked(const ScorerSettings& settings) {
  settings.model->check_context_size(settings.context_size);
  return settings.model;
}

/// Every token that is read also costs llama.cpp a row of n_vocab logits that nobody reads, so a batch holds few of
/// them.
uint32_t read_tokens(const Model& model) {
  const uint32_t affordable = unread_rows(static_cast<uint32_t>(model.n_vocab()), /*contexts=*/1);
  return std::max(kLeastBranches, std::min(kMaxReadTokens, affordable));
}

uint32_t sequences_of(const ScorerSettings& settings) {
  if (!settings.model->can_branch()) return 1;  // HiddenContext() says so
  return text_sequences(settings.sequences, state_bytes(settings.model, settings.context));
}

/// A token of a group, decoded once for all sequences that share it.
struct SharedToken {
  llama_token token;
  llama_pos position;
  std::vector<llama_seq_id> sequences;
  /// Sequences that take over the state behind it, where a model keeps one; each is then decoded in one alone.
  std::vector<llama_seq_id> heirs;
  /// Where its hidden state goes: sequence and row.
  std::vector<std::pair<size_t, size_t>> readers;
};

/// The tokens of a group in decoding order: each sequence adds what it does not share with the one before it.
std::vector<SharedToken> share_prefixes(const ScoreSequence* sequences, size_t count, bool recurrent) {
  std::vector<SharedToken> shared;
  std::vector<size_t> previous;  // index into `shared` of each token of the sequence before
  for (size_t s = 0; s < count; ++s) {
    const ScoreSequence& sequence = sequences[s];
    const size_t prefix = s == 0 ? 0 : common_prefix(sequences[s - 1].tokens, sequence.tokens);
    previous.resize(prefix);
    if (recurrent && prefix > 0) shared[previous.back()].heirs.push_back(static_cast<llama_seq_id>(s));
    for (size_t i = prefix; i < sequence.tokens.size(); ++i) {
      previous.push_back(shared.size());
      shared.push_back({sequence.tokens[i], static_cast<llama_pos>(i), {}, {}, {}});
    }
    for (const size_t index : previous) {
      std::vector<llama_seq_id>& own = shared[index].sequences;
      if (!recurrent || own.empty()) own.push_back(static_cast<llama_seq_id>(s));
    }
    for (size_t row = 0; row < sequence.positions.size(); ++row) {
      shared[previous[static_cast<size_t>(sequence.positions[row])]].readers.emplace_back(s, row);
    }
  }
  return shared;
}

}  // namespace

Scorer::Scorer(const ScorerSettings& settings)
    : hidden_(checked(settings), settings.context,
              ContextShape{settings.context_size, sequences_of(settings), read_tokens(*settings.model)}),
      context_size_(settings.context_size),
      sequences_(sequences_of(settings)) {}

void Scorer::check(const ScoreSequence& sequence) const {
  const Model& model = hidden_.context().model();
  if (sequence.tokens.empty()) throw Error(ErrorCode::kPromptEmpty, "a text to score has no tokens.");
  if (sequence.tokens.size() > context_size_) {
    throw Error(ErrorCode::kPromptTooLong, "a text to score has " + std::to_string(sequence.tokens.size()) +
                                               " tokens, but contextSize is " + std::to_string(context_size_) + ".");
  }
  for (const llama_token token : sequence.tokens) {
    if (token < 0 || token >= model.n_vocab())
      throw Error(ErrorCode::kOptionInvalid, "a token is outside the vocabulary.");
  }
  for (const int32_t position : sequence.positions) {
    if (position < 0 || static_cast<size_t>(position) >= sequence.tokens.size()) {
      throw Error(ErrorCode::kOptionInvalid, "a position is outside its text.");
    }
  }
}

std::vector<SequenceScore> Scorer::score(const std::vector<ScoreSequence>& sequences, bool want_hidden) {
  for (const ScoreSequence& sequence : sequences) check(sequence);
  std::vector<SequenceScore> results(sequences.size());
  for (size_t first = 0; first < sequences.size();) {
    const size_t count = group_size(sequences, first);
    score_group(&sequences[first], &results[first], count, want_hidden);
    first += count;
  }
  return results;
}

size_t Scorer::group_size(const std::vector<ScoreSequence>& sequences, size_t first) const {
  size_t cells = sequences[first].tokens.size();
  size_t count = 1;
  while (first + count < sequences.size() && count < sequences_) {
    const std::vector<llama_token>& next = sequences[first + count].tokens;
    cells += next.size() - common_prefix(sequences[first + count - 1].tokens, next);
    if (cells > context_size_) break;
    ++count;
  }
  return count;
}

void Scorer::score_group(const ScoreSequence* sequences, SequenceScore* results, size_t count, bool want_hidden) {
  const Model& model = hidden_.context().model();
  const size_t n_embd = model.n_embd();
  const size_t n_labels = model.head() ? model.head()->n_labels() : 0;
  for (size_t s = 0; s < count; ++s) {
    results[s].rewards.resize(sequences[s].positions.size() * n_labels);
    if (want_hidden) results[s].hidden.resize(sequences[s].positions.size() * n_embd);
  }
  const std::vector<SharedToken> shared = share_prefixes(sequences, count, model.is_recurrent());
  engine().llama_memory_clear(hidden_.context().memory(), /*data=*/false);

  Batch batch;
  for (size_t start = 0; start < shared.size();) {
    batch.clear();
    std::vector<const SharedToken*> outputs;
    size_t end = start;
    for (; end < shared.size() && batch.size() < hidden_.context().batch_size(); ++end) {
      if (end > start && !shared[end - 1].heirs.empty()) break;
      const bool output = !shared[end].readers.empty();
      if (output && outputs.size() == hidden_.max_outputs()) break;
      if (output) outputs.push_back(&shared[end]);
      batch.add(shared[end].token, shared[end].position, shared[end].sequences, output);
    }
    hidden_.decode(batch, [&](size_t row, const float* hidden) {
      for (const auto& [s, place] : outputs[row]->readers) {
        if (n_labels > 0) model.head()->apply(hidden, results[s].rewards.data() + place * n_labels);
        if (want_hidden)
          std::copy_n(hidden, n_embd, results[s].hidden.begin() + static_cast<ptrdiff_t>(place * n_embd));
      }
    });
    const SharedToken& last = shared[end - 1];
    for (const llama_seq_id heir : last.heirs) {
      engine().llama_memory_seq_cp(hidden_.context().memory(), last.sequences[0], heir, -1, -1);
    }
    counters_.tokens += batch.size();
    ++counters_.decodes;
    start = end;
  }
  if (want_hidden) return;  // whoever wants the hidden states judges those
  for (size_t s = 0; s < count; ++s) model.check_rewards(results[s].rewards);
}

}  // namespace argsearch

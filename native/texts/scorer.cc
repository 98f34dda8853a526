#include "texts/scorer.h"

#include <algorithm>

#include "bounds.h"
#include "context/hidden.h"
#include "context/logits.h"
#include "context/probe.h"
#include "error.h"

namespace argsearch {
namespace {

std::shared_ptr<const Model> checked(const ScorerSettings& settings) {
  settings.model->check_context_size(settings.context_size);
  return settings.model;
}

/// Every token that is read also costs llama.cpp a row of n_vocab logits, so a batch holds few of
/// them.
uint32_t read_tokens(const Model& model) {
  const uint32_t affordable = unread_rows(static_cast<uint32_t>(model.n_vocab()), /*contexts=*/1);
  return std::max(kLeastBranches, std::min(kMaxReadTokens, affordable));
}

uint32_t sequences_of(const ScorerSettings& settings) {
  if (!settings.model->can_branch()) return 1;  // the context says so
  return text_sequences(settings.sequences, state_bytes(settings.model, settings.context));
}

/// A token of a group, decoded once for all sequences that share it.
struct SharedToken {
  llama_token token;
  llama_pos position;
  std::vector<llama_seq_id> sequences;
  /// Sequences that take over the state behind it, where a model keeps one; each is then decoded in one alone.
  std::vector<llama_seq_id> heirs;
  /// Where what is read of it goes: sequence and row.
  std::vector<std::pair<size_t, size_t>> readers;
};

/// The tokens of a group in decoding order: each sequence adds what it does not share with the one before it. What is
/// wanted of a position is read `before` tokens ahead of it, and not at all where there is none.
std::vector<SharedToken> share_prefixes(const ScoreSequence* sequences, size_t count, bool recurrent, size_t before) {
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
      const auto position = static_cast<size_t>(sequence.positions[row]);
      if (position >= before) shared[previous[position - before]].readers.emplace_back(s, row);
    }
  }
  return shared;
}

}  // namespace

Scorer::Scorer(const ScorerSettings& settings)
    : kind_(settings.kind), context_size_(settings.context_size), sequences_(sequences_of(settings)) {
  const std::shared_ptr<const Model> model = checked(settings);
  const ContextShape shape{context_size_, sequences_, read_tokens(*model)};
  if (kind_ == RewardKind::kHead) {
    rows_ = std::make_unique<HiddenContext>(model, settings.context, shape);
  } else {
    rows_ = std::make_unique<LogitsContext>(model, settings.context, shape);
  }
}

size_t Scorer::n_labels() const {
  if (kind_ != RewardKind::kHead) return 1;
  const std::optional<RewardHead>& head = rows_->context().model().head();
  return head ? head->n_labels() : 0;
}

void Scorer::check(const ScoreSequence& sequence) const {
  const Model& model = rows_->context().model();
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
  if (want_hidden && kind_ != RewardKind::kHead) {
    throw Error(ErrorCode::kOptionInvalid, "a scorer of tokens reads no hidden states.");
  }
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
  Context& context = rows_->context();
  const Model& model = context.model();
  for (size_t s = 0; s < count; ++s) {
    results[s].rewards.resize(sequences[s].positions.size() * n_labels());
    if (want_hidden) results[s].hidden.resize(sequences[s].positions.size() * model.n_embd());
  }
  const size_t before = kind_ == RewardKind::kHead ? 0 : 1;
  const std::vector<SharedToken> shared = share_prefixes(sequences, count, model.is_recurrent(), before);
  engine().llama_memory_clear(context.memory(), /*data=*/false);

  Batch batch;
  for (size_t start = 0; start < shared.size();) {
    batch.clear();
    std::vector<const SharedToken*> outputs;
    size_t end = start;
    for (; end < shared.size() && batch.size() < context.batch_size(); ++end) {
      if (end > start && !shared[end - 1].heirs.empty()) break;
      const bool output = !shared[end].readers.empty();
      if (output && outputs.size() == rows_->max_outputs()) break;
      if (output) outputs.push_back(&shared[end]);
      batch.add(shared[end].token, shared[end].position, shared[end].sequences, output);
    }
    rows_->decode(batch, [&](size_t row, const float* values) {
      for (const auto& [s, place] : outputs[row]->readers) read(values, sequences[s], place, results[s], want_hidden);
    });
    const SharedToken& last = shared[end - 1];
    for (const llama_seq_id heir : last.heirs) {
      engine().llama_memory_seq_cp(context.memory(), last.sequences[0], heir, -1, -1);
    }
    counters_.tokens += batch.size();
    ++counters_.decodes;
    start = end;
  }
  if (want_hidden) return;  // whoever wants the hidden states judges those
  for (size_t s = 0; s < count; ++s) model.check_rewards(results[s].rewards);
}

void Scorer::read(const float* row, const ScoreSequence& sequence, size_t place, SequenceScore& result,
                  bool want_hidden) const {
  const Model& model = rows_->context().model();
  if (kind_ != RewardKind::kHead) {
    const TokenValues value(kind_, row, static_cast<size_t>(model.n_vocab()));
    result.rewards[place] = value(sequence.tokens[static_cast<size_t>(sequence.positions[place])]);
    return;
  }
  if (n_labels() > 0) model.head()->apply(row, &result.rewards[place * n_labels()]);
  if (want_hidden) {
    std::copy_n(row, model.n_embd(), result.hidden.begin() + static_cast<ptrdiff_t>(place * model.n_embd()));
  }
}

}  // namespace argsearch

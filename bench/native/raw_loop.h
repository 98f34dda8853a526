#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "context/context.h"
#include "stopwatch.h"

namespace argsearch {

/// Milliseconds of one step.
struct StepMs {
  double total = 0;
  double policy = 0;
};

/// What is read of the k branch tokens.
enum class Reading {
  kNothing,  ///< no reward model: plain decoding
  kLogits,   ///< llama_decode as it comes: logits for every token
  kNorm,     ///< the graph ended at the final norm, by hand
};

/// The token-by-token search as a user of llama.cpp would write it by hand: the policy decodes one token, then the
/// reward model the k candidates in one batch, as branches through sequence copies; the winner's cells stay. The tokens
/// are given: nothing is chosen, rated or sampled, so that what is timed is llama.cpp.
class RawLoop {
 public:
  RawLoop(std::shared_ptr<const Model> policy, std::shared_ptr<const Model> reward, const ContextSettings& settings,
          uint32_t cells, size_t k, Reading reading)
      : k_(k),
        reading_(reading),
        shared_threads_(settings.shared_threads),
        policy_(std::move(policy), settings, ContextShape{cells, 1, 1}) {
    if (reading == Reading::kNothing) return;
    const auto branches = static_cast<uint32_t>(k);
    ContextShape shape{cells + branches, branches + 1, branches};
    if (reading == Reading::kNorm) {
      shape.on_node = on_node;
      shape.on_node_data = this;
    }
    reward_ = std::make_unique<Context>(std::move(reward), settings, shape);
  }
  RawLoop(const RawLoop&) = delete;
  RawLoop& operator=(const RawLoop&) = delete;

  /// Both caches hold exactly the prompt, but for its last token in the policy: that one is pending.
  void fill(const std::vector<llama_token>& prompt) {
    if (prompt == prompt_) return;
    prompt_ = prompt;
    prefill(policy_, prompt.size() - 1);
    if (reward_) prefill(*reward_, prompt.size());
    rest();
  }

  /// Steps that commit these tokens, from the prompt on; the caches then hold the prompt again. Means.
  StepMs run(const std::vector<llama_token>& committed) {
    StepMs sum;
    llama_token pending = prompt_.back();
    auto position = static_cast<llama_pos>(prompt_.size());
    for (const llama_token token : committed) {
      const Stopwatch watch;
      decode_pending(pending, position - 1);
      sum.policy += watch.milliseconds();
      if (reward_) decode_branches(token, position);
      sum.total += watch.milliseconds();
      pending = token;
      ++position;
    }
    policy_.truncate(0, prompt_.size() - 1);
    if (reward_) reward_->truncate(0, prompt_.size());
    rest();
    const auto steps = static_cast<double>(committed.size());
    return {sum.total / steps, sum.policy / steps};
  }

 private:
  void prefill(Context& context, size_t count) {
    context.truncate(0, 0);
    for (size_t at = 0; at < count;) {
      Batch batch;
      const size_t end = std::min(count, at + context.batch_size());
      for (; at < end; ++at) batch.add(prompt_[at], static_cast<llama_pos>(at), 0, false);
      context.decode(batch);
    }
  }

  void decode_pending(llama_token token, llama_pos position) {
    Batch batch;
    batch.add(token, position, 0, true);
    policy_.decode(batch);
    const float* logits = engine().llama_get_logits_ith(policy_.handle(), 0);
    if (logits == nullptr) throw std::runtime_error("no logits");
    likeliest_ = std::max_element(logits, logits + policy_.model().n_vocab()) - logits;
  }

  /// The first branch is the winner's.
  void decode_branches(llama_token winner, llama_pos position) {
    const LlamaApi& api = engine();
    const llama_token n_vocab = reward_->model().n_vocab();
    Batch batch;
    for (size_t i = 0; i < k_; ++i) {
      const auto branch = static_cast<llama_seq_id>(i + 1);
      api.llama_memory_seq_cp(reward_->memory(), 0, branch, -1, -1);
      batch.add((winner + static_cast<llama_token>(i)) % n_vocab, position, branch, true);
    }
    read_ = false;
    reward_->decode(batch);
    if (reading_ == Reading::kLogits) {
      read_ = api.llama_get_logits_ith(reward_->handle(), static_cast<int32_t>(k_) - 1) != nullptr;
    }
    if (!read_) throw std::runtime_error("nothing was read of the branches");
    api.llama_memory_seq_cp(reward_->memory(), 1, 0, position, position + 1);
    for (size_t i = 0; i < k_; ++i) reward_->truncate(static_cast<llama_seq_id>(i + 1), 0);
  }

  static bool on_node(ggml_tensor* node, bool ask, void* data) {
    if (ask) return std::strcmp(node->name, "result_norm") == 0;
    auto* self = static_cast<RawLoop*>(data);
    self->hidden_.resize(static_cast<size_t>(engine().ggml_nelements(node)));
    engine().ggml_backend_tensor_get(node, self->hidden_.data(), 0, self->hidden_.size() * sizeof(float));
    self->read_ = true;
    return false;
  }

  /// The threads of a pool that has just worked spin: the next rival is to have the cores to itself.
  void rest() {
    if (shared_threads_ != nullptr) shared_threads_->rest();
  }

  size_t k_;
  Reading reading_;
  std::shared_ptr<SharedThreads> shared_threads_;
  std::vector<llama_token> prompt_;
  std::vector<float> hidden_;
  bool read_ = false;
  ptrdiff_t likeliest_ = 0;
  Context policy_;
  // Null: plain decoding. Declared last: freed before what its callback writes to.
  std::unique_ptr<Context> reward_;
};

}  // namespace argsearch

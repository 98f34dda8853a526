#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/llama_api.h"
#include "model/long_rope.h"
#include "model/reward_head.h"
#include "model/reward_predictor.h"
#include "model/vocabulary.h"

namespace argsearch {

struct ModelParams {
  /// Of the file; of a split model, any of its parts.
  std::string path;
  /// Layers to keep on the GPU: -1 all, 0 none.
  int gpu_layers = -1;
  /// ggml backend whose devices may be used; "" every GPU, "CPU" none.
  std::string backend;
  /// Names of the devices to use in place of the backend's; "CPU" alone for none.
  std::vector<std::string> devices;
  /// Tokens that one sequence will hold, which long-RoPE models choose their factors by; 0: as many as the model
  /// allows.
  uint32_t context_size = 0;
};

/// What shows when a model decodes.
struct Probed {
  /// Its graphs have a node of the final norm's output.
  bool names_result_norm = false;
  /// Bytes of a recurrent model's state of one sequence; 0 for others.
  size_t state_bytes = 0;
};

/// A loaded GGUF: weights, vocabulary and, where the file has one, the reward head. Immutable, so any thread may use
/// it.
class Model {
 public:
  /// `progress` (0…1) returns false to end loading early with ABORTED. Throws what GgufFile() throws,
  /// MODEL_UNSUPPORTED, DEVICE_UNAVAILABLE, REWARD_HEAD_INVALID, REWARD_PREDICTOR_INVALID, OUT_OF_MEMORY.
  static std::shared_ptr<const Model> load(const ModelParams& params, const std::function<bool(float)>& progress);

  /// The reward model in a file whose trunk is this model's: the file's head and chat template on these weights, which
  /// both hold. Whether the trunks are the same is not looked at. What GgufFile() throws, REWARD_HEAD_INVALID.
  static std::shared_ptr<const Model> on_weights_of(const std::shared_ptr<const Model>& model, const std::string& path);

  /// The same model with a LoRA adapter, in place of one that it has: every context made of it adds the adapter to the
  /// weights, which both hold. Not while a context of these weights decodes. A stored predictor is of the model as it
  /// was, and left out. What load_adapter() throws.
  static std::shared_ptr<const Model> with_adapter(const std::shared_ptr<const Model>& model, const std::string& path);

  llama_model* handle() const { return model_.get(); }
  /// Null without one.
  llama_adapter_lora* adapter() const { return adapter_; }
  /// Path of the adapter's file; "" without one.
  const std::string& adapter_path() const { return adapter_path_; }
  /// Both give the same hidden states.
  bool has_trunk_of(const Model& other) const { return model_ == other.model_ && adapter_ == other.adapter_; }
  const Vocabulary& vocabulary() const { return *vocabulary_; }
  const std::string& path() const { return path_; }
  const std::string& architecture() const { return architecture_; }
  const std::optional<RewardHead>& head() const { return head_; }
  /// Null where the file has none.
  const std::shared_ptr<const StoredPredictor>& predictor() const { return predictor_; }
  /// Of one hidden state (n_embd values), one a label. The model has a head. DECODE_FAILED when they are not finite.
  std::vector<double> rewards_of(const float* hidden) const;
  /// DECODE_FAILED unless what the head gave are finite numbers.
  void check_rewards(const std::vector<double>& rewards) const;
  size_t n_embd() const;
  int32_t n_vocab() const { return vocabulary_->size(); }
  int32_t n_ctx_train() const;
  /// Most of the weights are F32, so nothing is lost by an F32 cache, and much is gained in exactness.
  bool is_f32() const { return is_f32_; }
  /// Nothing of it is computed by another device.
  bool is_on_cpu() const { return is_on_cpu_; }
  /// Keeps a state per sequence that cannot be cut back to an earlier position, in some layers at least.
  bool is_recurrent() const;
  /// False where all layers are recurrent.
  bool has_attention() const { return !engine().llama_model_is_recurrent(handle()); }
  /// Sequences of a context can be continued by others. False for DeepSeek V4, whose compressed cells llama.cpp copies
  /// as whole streams only.
  bool can_branch() const { return architecture_ != "deepseek4"; }
  /// No token sees those after it; false only where the file says so.
  bool is_causal() const { return is_causal_; }
  const std::optional<LongRope>& long_rope() const { return long_rope_; }
  /// OPTION_INVALID when it was loaded for sequences of a length that takes other factors.
  void check_context_size(uint32_t context_size) const;
  /// What probe() has found out; unknown before.
  std::optional<Probed> probed() const;
  void set_probed(const Probed& probed) const;
  std::string description() const;
  std::string chat_template() const;

 private:
  struct FreeModel {
    void operator()(llama_model* model) const { engine().llama_model_free(model); }
  };
  Model() = default;
  /// Another model on the same weights, without head and adapter.
  std::shared_ptr<Model> sharing_weights() const;

  std::string path_;
  std::string architecture_;
  std::optional<RewardHead> head_;
  std::shared_ptr<const StoredPredictor> predictor_;
  std::optional<LongRope> long_rope_;
  std::shared_ptr<llama_model> model_;
  /// Freed with the weights.
  llama_adapter_lora* adapter_ = nullptr;
  std::string adapter_path_;
  /// Of a file without weights of its own.
  std::optional<std::string> chat_template_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  bool is_f32_ = false;
  bool is_causal_ = true;
  bool is_on_cpu_ = false;
  mutable std::mutex probing_;
  mutable std::optional<Probed> probed_;
};

}  // namespace argsearch

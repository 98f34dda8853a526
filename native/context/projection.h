#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "context/context.h"

namespace argsearch {

/// What a model's graph does behind its final norm: the product with the vocabulary's matrix, and the scaling, capping
/// and bias that some models add. Repeated here, on the weights where they lie, for hidden states whose logits were not
/// computed with them.
class Projection {
 public:
  /// Reads the operations off the last node of a graph, while its inputs are there. Nullopt for a model that does
  /// anything else there, or has a part of it on another device.
  static std::optional<Projection> read(const ggml_tensor& output, const ContextSettings& settings);

  /// Logits of `rows` hidden states (rows x n_embd), row-major, rows x n_vocab. DECODE_FAILED, OUT_OF_MEMORY.
  void apply(const float* hidden, size_t rows, float* logits);

 private:
  struct FreeBackend {
    void operator()(ggml_backend_t backend) const { engine().ggml_backend_free(backend); }
  };
  struct FreeTensors {
    void operator()(ggml_context* context) const { engine().ggml_free(context); }
  };
  struct FreeBuffer {
    void operator()(ggml_backend_buffer_t buffer) const { engine().ggml_backend_buffer_free(buffer); }
  };
  using Backend = std::unique_ptr<ggml_backend, FreeBackend>;

  /// One of the graph's, in its order: its parameters, and its second operand's weights.
  struct Operation {
    ggml_op op;
    std::vector<int32_t> parameters;
    ggml_tensor* weights;
  };
  /// For one number of rows.
  struct Graph {
    std::unique_ptr<ggml_context, FreeTensors> tensors;
    std::unique_ptr<ggml_backend_buffer, FreeBuffer> buffer;
    ggml_tensor* input = nullptr;
    ggml_tensor* output = nullptr;
    ggml_cgraph* graph = nullptr;
  };

  Projection(std::vector<Operation> operations, ggml_backend_dev_t device, Backend backend,
             const ContextSettings& settings);
  void use_shared_threads();
  void compute_with(SharedThreads::Team team);
  static ggml_tensor* build(ggml_context* tensors, const Operation& operation, ggml_tensor* input);
  Graph& graph(size_t rows);

  std::vector<Operation> operations_;
  int64_t n_embd_;
  std::shared_ptr<SharedThreads> shared_threads_;
  SharedThreads::Team team_;
  ggml_backend_dev_t device_;
  Backend backend_;
  /// By rows; empty ones are not made yet. Freed before the backend.
  std::vector<Graph> graphs_;
};

}  // namespace argsearch

#include "context/projection.h"

#include <algorithm>
#include <cstring>

#include "error.h"

namespace argsearch {
namespace {

/// A weight of the model, where it was loaded.
bool is_weights(const ggml_tensor* tensor) {
  return tensor != nullptr && tensor->op == GGML_OP_NONE && tensor->buffer != nullptr &&
         engine().ggml_backend_buffer_get_usage(tensor->buffer) == GGML_BACKEND_BUFFER_USAGE_WEIGHTS;
}

/// Where a node's own input is among its sources, and where its weights are; -1 for none. Nullopt for a node that
/// cannot be repeated.
struct Sources {
  int input;
  int weights;
};

std::optional<Sources> sources_of(const ggml_tensor& node) {
  switch (node.op) {
    case GGML_OP_MUL_MAT:
      return Sources{1, 0};
    case GGML_OP_MUL:
    case GGML_OP_ADD:
      return Sources{0, 1};
    case GGML_OP_SCALE:
      return Sources{0, -1};
    case GGML_OP_UNARY:
      if (engine().ggml_get_unary_op(&node) == GGML_UNARY_OP_TANH) return Sources{0, -1};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

/// A device of its own kind, or the CPU for weights in memory that it reads.
ggml_backend_dev_t device_of(const ggml_tensor& weights) {
  const LlamaApi& api = engine();
  const ggml_backend_buffer_type_t type = api.ggml_backend_buffer_get_type(weights.buffer);
  ggml_backend_dev_t device = api.ggml_backend_buft_is_host(type) ? nullptr : api.ggml_backend_buft_get_device(type);
  if (device != nullptr) return device;
  const ggml_backend_reg_t cpu = api.ggml_backend_reg_by_name("CPU");
  return cpu != nullptr ? api.ggml_backend_reg_dev_get(cpu, 0) : nullptr;
}

template <class Function>
Function find(ggml_backend_reg_t registry, const char* name) {
  return reinterpret_cast<Function>(engine().ggml_backend_reg_get_proc_address(registry, name));
}

}  // namespace

Projection::Projection(std::vector<Operation> operations, ggml_backend_dev_t device, Backend backend,
                       const ContextSettings& settings)
    : operations_(std::move(operations)),
      n_embd_(0),
      shared_threads_(settings.shared_threads),
      team_{settings.threads, nullptr},
      device_(device),
      backend_(std::move(backend)) {
  for (const Operation& operation : operations_) {
    if (operation.op == GGML_OP_MUL_MAT) n_embd_ = operation.weights->ne[0];
  }
  compute_with(team_);
}

/// As many as the context has that decoded.
void Projection::use_shared_threads() {
  if (!shared_threads_) return;
  const SharedThreads::Team team = shared_threads_->team();
  if (!(team == team_)) compute_with(team);
}

/// Other backends than the CPU have no threads to set.
void Projection::compute_with(SharedThreads::Team team) {
  const ggml_backend_reg_t registry = engine().ggml_backend_dev_backend_reg(device_);
  if (const auto set = find<ggml_backend_set_n_threads_t>(registry, "ggml_backend_set_n_threads")) {
    set(backend_.get(), team.threads);
  }
  using SetPool = decltype(&::ggml_backend_cpu_set_threadpool);
  if (const auto set = find<SetPool>(registry, "ggml_backend_cpu_set_threadpool")) set(backend_.get(), team.pool);
  team_ = team;
}

std::optional<Projection> Projection::read(const ggml_tensor& output, const ContextSettings& settings) {
  std::vector<Operation> operations;
  const ggml_tensor* matrix = nullptr;
  const ggml_tensor* node = &output;
  for (; std::strcmp(node->name, "result_norm") != 0;) {
    const std::optional<Sources> sources = sources_of(*node);
    if (!sources) return std::nullopt;
    ggml_tensor* weights = sources->weights < 0 ? nullptr : node->src[sources->weights];
    if (sources->weights >= 0 && !is_weights(weights)) return std::nullopt;
    if (node->op == GGML_OP_MUL_MAT) {
      if (matrix != nullptr) return std::nullopt;
      matrix = weights;
    }
    operations.push_back({node->op, {std::begin(node->op_params), std::end(node->op_params)}, weights});
    node = node->src[sources->input];
    if (node == nullptr) return std::nullopt;
  }
  if (matrix == nullptr) return std::nullopt;
  const ggml_backend_dev_t device = device_of(*matrix);
  if (device == nullptr) return std::nullopt;
  for (const Operation& operation : operations) {
    if (operation.weights != nullptr && device_of(*operation.weights) != device) return std::nullopt;
  }
  Backend backend(engine().ggml_backend_dev_init(device, nullptr));
  if (!backend) return std::nullopt;
  std::reverse(operations.begin(), operations.end());
  return Projection(std::move(operations), device, std::move(backend), settings);
}

ggml_tensor* Projection::build(ggml_context* tensors, const Operation& operation, ggml_tensor* input) {
  const LlamaApi& api = engine();
  ggml_tensor* node = nullptr;
  switch (operation.op) {
    case GGML_OP_MUL_MAT:
      node = api.ggml_mul_mat(tensors, operation.weights, input);
      break;
    case GGML_OP_MUL:
      node = api.ggml_mul(tensors, input, operation.weights);
      break;
    case GGML_OP_ADD:
      node = api.ggml_add(tensors, input, operation.weights);
      break;
    case GGML_OP_SCALE:
      node = api.ggml_scale(tensors, input, 1);
      break;
    default:
      node = api.ggml_tanh(tensors, input);
      break;
  }
  std::copy(operation.parameters.begin(), operation.parameters.end(), node->op_params);
  return node;
}

Projection::Graph& Projection::graph(size_t rows) {
  if (graphs_.size() <= rows) graphs_.resize(rows + 1);
  Graph& graph = graphs_[rows];
  if (graph.graph != nullptr) return graph;
  const LlamaApi& api = engine();
  const size_t nodes = operations_.size() + 1;
  Graph made;
  made.tensors.reset(
      api.ggml_init({nodes * api.ggml_tensor_overhead() + api.ggml_graph_overhead(), nullptr, /*no_alloc=*/true}));
  made.input = api.ggml_new_tensor_2d(made.tensors.get(), GGML_TYPE_F32, n_embd_, static_cast<int64_t>(rows));
  made.output = made.input;
  for (const Operation& operation : operations_) made.output = build(made.tensors.get(), operation, made.output);
  made.graph = api.ggml_new_graph(made.tensors.get());
  api.ggml_build_forward_expand(made.graph, made.output);
  made.buffer.reset(api.ggml_backend_alloc_ctx_tensors(made.tensors.get(), backend_.get()));
  if (!made.buffer) {
    throw Error(ErrorCode::kOutOfMemory,
                "there is no memory for the logits of " + std::to_string(rows) + " tokens. Lower slots.");
  }
  graph = std::move(made);
  return graph;
}

void Projection::apply(const float* hidden, size_t rows, float* logits) {
  const LlamaApi& api = engine();
  Graph& graph = this->graph(rows);
  api.ggml_backend_tensor_set(graph.input, hidden, 0, rows * static_cast<size_t>(n_embd_) * sizeof(float));
  use_shared_threads();
  if (api.ggml_backend_graph_compute(backend_.get(), graph.graph) != GGML_STATUS_SUCCESS) {
    throw Error(ErrorCode::kDecodeFailed, "llama.cpp failed to compute logits.");
  }
  const size_t values = static_cast<size_t>(api.ggml_nelements(graph.output));
  api.ggml_backend_tensor_get(graph.output, logits, 0, values * sizeof(float));
}

}  // namespace argsearch

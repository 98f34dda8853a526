/** The smallest model that has everything: policy and reward model in one file. */
import { encodeGguf, type GgufContent, type GgufTensor, type GgufValue } from "../helpers/gguf-writer.js";
import { Random } from "../helpers/random.js";
import { ggufContent, type RandomModelOptions, randomModel } from "../helpers/random-model.js";

export const TINY = { layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 64 } as const;

export function tinyModel(options: Partial<RandomModelOptions> = {}): GgufContent {
  return ggufContent(randomModel({ seed: 5, ...TINY, labels: ["reward"], ...options }));
}

/** Bytes before the tensors. */
export function headerLength({ metadata, tensors }: GgufContent): number {
  return encodeGguf({ metadata, tensors: tensors.map((tensor) => ({ ...tensor, data: new Float32Array(0) })) }).length;
}

/** Makes tensors, the same ones in every model. */
function tensorMaker(): (name: string, ...shape: number[]) => GgufTensor {
  const random = new Random(9);
  return (name, ...shape) => ({
    name,
    shape,
    data: random.normals(
      shape.reduce((product, length) => product * length, 1),
      0.1,
    ),
  });
}

const u32 = (value: number): GgufValue => ({ type: "u32", value });
const text = (value: string): GgufValue => ({ type: "string", value });

const HEAD: Record<string, GgufValue> = { "argsearch.reward.head.weight": { type: "f32[]", value: Array(32).fill(1) } };

/** A BERT: an encoder, which has no next token to give. */
export function tinyEncoder(): GgufContent {
  const tensor = tensorMaker();
  const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁a", "▁b", "▁hello"];
  const width = 32;
  const layer = [
    ...["attn_q", "attn_k", "attn_v", "attn_output"].flatMap((name) => [
      tensor(`${name}.weight`, width, width),
      tensor(`${name}.bias`, width),
    ]),
    ...["attn_output_norm", "layer_output_norm"].flatMap((name) => [tensor(`${name}.weight`, width), tensor(`${name}.bias`, width)]),
    ...["ffn_up", "ffn_down"].flatMap((name) => [tensor(`${name}.weight`, width, width), tensor(`${name}.bias`, width)]),
  ];
  return {
    metadata: {
      "general.architecture": text("bert"),
      "bert.context_length": u32(64),
      "bert.embedding_length": u32(width),
      "bert.block_count": u32(1),
      "bert.feed_forward_length": u32(width),
      "bert.attention.head_count": u32(2),
      "bert.attention.layer_norm_epsilon": { type: "f32", value: 1e-12 },
      "bert.attention.causal": { type: "bool", value: false },
      "tokenizer.ggml.model": text("bert"),
      "tokenizer.ggml.tokens": { type: "string[]", value: words },
      "tokenizer.ggml.token_type": { type: "i32[]", value: words.map((_, id) => (id < 5 ? 3 : 1)) },
      "tokenizer.ggml.token_type_count": u32(2),
      "tokenizer.ggml.padding_token_id": u32(0),
      "tokenizer.ggml.unknown_token_id": u32(1),
      "tokenizer.ggml.bos_token_id": u32(2),
      "tokenizer.ggml.cls_token_id": u32(2),
      "tokenizer.ggml.seperator_token_id": u32(3),
      "tokenizer.ggml.mask_token_id": u32(4),
      ...HEAD,
    },
    tensors: [
      tensor("token_embd.weight", width, words.length),
      tensor("position_embd.weight", width, 64),
      tensor("token_types.weight", width, 2),
      tensor("token_embd_norm.weight", width),
      tensor("token_embd_norm.bias", width),
      ...layer.map((each) => ({ ...each, name: `blk.0.${each.name}` })),
    ],
  };
}

/** A Mamba: recurrent. */
export function tinyRecurrent(): GgufContent {
  const tensor = tensorMaker();
  const { metadata } = tinyModel();
  const size = 60; // of the vocabulary
  const [width, inner, convolution, state, rank] = [32, 64, 4, 16, 2];
  const tokenizer = Object.entries(metadata).filter(([key]) => key.startsWith("tokenizer."));
  const layer = [
    tensor("attn_norm.weight", width),
    tensor("ssm_in.weight", width, 2 * inner),
    tensor("ssm_conv1d.weight", convolution, inner),
    tensor("ssm_conv1d.bias", inner),
    tensor("ssm_x.weight", inner, rank + 2 * state),
    tensor("ssm_dt.weight", rank, inner),
    tensor("ssm_dt.bias", inner),
    tensor("ssm_a", state, inner),
    tensor("ssm_d", inner),
    tensor("ssm_out.weight", inner, width),
  ];
  return {
    metadata: {
      "general.architecture": text("mamba"),
      "mamba.context_length": u32(64),
      "mamba.embedding_length": u32(width),
      "mamba.feed_forward_length": u32(0),
      "mamba.attention.head_count": u32(0),
      "mamba.block_count": u32(1),
      "mamba.ssm.conv_kernel": u32(convolution),
      "mamba.ssm.inner_size": u32(inner),
      "mamba.ssm.state_size": u32(state),
      "mamba.ssm.time_step_rank": u32(rank),
      "mamba.attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-5 },
      ...Object.fromEntries(tokenizer),
      ...HEAD,
    },
    tensors: [
      tensor("token_embd.weight", width, size),
      tensor("output_norm.weight", width),
      ...layer.map((each) => ({ ...each, name: `blk.0.${each.name}` })),
    ],
  };
}

/**
 * Small random models of architectures other than llama's own, whose reward head is made of rows of the vocabulary projection: a
 * reward then is a logit, which the same file tells as a policy.
 */
import { type ByteVocabulary, SIXTY_TOKENS } from "./byte-vocabulary.js";
import type { GgufContent, GgufTensor, GgufValue } from "./gguf-writer.js";
import { Random } from "./random.js";

export const WIDTH = 32;
const HEADS = 4;
export const KV_HEADS = 2;
export const HEAD = WIDTH / HEADS;
export const INNER = 48;
const EXPERTS = 4;
const LAYERS = 4;

/** Tokens whose rows of the projection are the labels of the head. */
export const LABELLED = [0, 4, 17, 36] as const;

/** Tokens that a sliding window sees. */
export const WINDOW = 8;

export type Shapes = readonly (readonly [name: string, ...shape: number[]])[];

export interface Architecture {
  /** llama.cpp's name. */
  name: string;
  layer: Shapes;
  /** Of every second layer, where they differ. */
  second?: Shapes;
  /** What the final norm is called, where it has another name. */
  finalNorm?: string;
  /** Tensors of no layer beside the embedding, the final norm and the projection. */
  others?: Shapes;
  /** The projection is the embedding. */
  tied?: boolean;
  keys?: Readonly<Record<string, GgufValue>>;
}

export const u32 = (value: number): GgufValue => ({ type: "u32", value });

export const NORMS: Shapes = [
  ["attn_norm.weight", WIDTH],
  ["ffn_norm.weight", WIDTH],
];
export const ATTENTION: Shapes = [
  ["attn_q.weight", WIDTH, WIDTH],
  ["attn_k.weight", WIDTH, KV_HEADS * HEAD],
  ["attn_v.weight", WIDTH, KV_HEADS * HEAD],
  ["attn_output.weight", WIDTH, WIDTH],
];
export const GATED: Shapes = [
  ["ffn_gate.weight", WIDTH, INNER],
  ["ffn_up.weight", WIDTH, INNER],
  ["ffn_down.weight", INNER, WIDTH],
];
/** Recurrent in one layer, attention in the next. */
const ALTERNATING = { "attention.head_count_kv": { type: "i32[]", value: [0, KV_HEADS, 0, KV_HEADS] } } as const;
const SSM_HEADS = 4;
const STATE = 16;
const [SSM, CONVOLUTION, RANK] = [2 * WIDTH, 4, 2];
const DELTA = STATE * SSM_HEADS;
const HEAD_NORMS: Shapes = [
  ["attn_q_norm.weight", HEAD],
  ["attn_k_norm.weight", HEAD],
];
export const SLIDING = { "attention.sliding_window": u32(WINDOW), "attention.sliding_window_pattern": u32(2) };

/** Those whose layers, or some of them, keep a state instead of keys and values. */
export const RECURRENT = {
  "short convolutions": {
    name: "lfm2",
    finalNorm: "token_embd_norm.weight",
    layer: [
      ...[...NORMS, ...GATED],
      ["shortconv.conv.weight", 3, WIDTH],
      ["shortconv.in_proj.weight", WIDTH, 3 * WIDTH],
      ["shortconv.out_proj.weight", WIDTH, WIDTH],
    ],
    second: [...NORMS, ...ATTENTION, ...GATED, ...HEAD_NORMS],
    keys: { ...ALTERNATING, "shortconv.l_cache": u32(3) },
  },
  /** Mamba-2 and attention. */
  "state spaces and attention": {
    name: "granitehybrid",
    layer: [
      ...[...NORMS, ...GATED],
      ["ssm_in.weight", WIDTH, 2 * SSM + 2 * STATE + SSM_HEADS],
      ["ssm_conv1d.weight", CONVOLUTION, SSM + 2 * STATE],
      ["ssm_conv1d.bias", SSM + 2 * STATE],
      ["ssm_dt.bias", SSM_HEADS],
      ["ssm_a", 1, SSM_HEADS],
      ["ssm_d", 1, SSM_HEADS],
      ["ssm_norm.weight", SSM, 1],
      ["ssm_out.weight", SSM, WIDTH],
    ],
    second: [...NORMS, ...ATTENTION, ...GATED],
    keys: { ...ALTERNATING, ...stateSpace({ state: STATE, rank: SSM_HEADS, groups: 1 }) },
  },
  /** No attention at all. */
  "state spaces": {
    name: "mamba",
    layer: [
      ["attn_norm.weight", WIDTH],
      ["ssm_in.weight", WIDTH, 2 * SSM],
      ["ssm_conv1d.weight", CONVOLUTION, SSM],
      ["ssm_conv1d.bias", SSM],
      ["ssm_x.weight", SSM, RANK + 2 * STATE],
      ["ssm_dt.weight", RANK, SSM],
      ["ssm_dt.bias", SSM],
      ["ssm_a", STATE, SSM],
      ["ssm_d", SSM],
      ["ssm_out.weight", SSM, WIDTH],
    ],
    keys: { "attention.head_count": u32(0), "attention.head_count_kv": u32(0), ...stateSpace({ state: STATE, rank: RANK }) },
  },
  /** Qwen3.5: gated delta rule, and attention with a gate. */
  "a delta rule": {
    name: "qwen35",
    layer: [
      ...GATED,
      ["attn_norm.weight", WIDTH],
      ["post_attention_norm.weight", WIDTH],
      ["attn_qkv.weight", WIDTH, 3 * DELTA],
      ["attn_gate.weight", WIDTH, DELTA],
      ["ssm_conv1d.weight", CONVOLUTION, 3 * DELTA],
      ["ssm_dt.bias", SSM_HEADS],
      ["ssm_a", SSM_HEADS],
      ["ssm_beta.weight", WIDTH, SSM_HEADS],
      ["ssm_alpha.weight", WIDTH, SSM_HEADS],
      ["ssm_norm.weight", STATE],
      ["ssm_out.weight", DELTA, WIDTH],
    ],
    second: [
      ...[...GATED, ...HEAD_NORMS],
      ["attn_norm.weight", WIDTH],
      ["post_attention_norm.weight", WIDTH],
      ["attn_q.weight", WIDTH, 2 * WIDTH],
      ["attn_k.weight", WIDTH, KV_HEADS * HEAD],
      ["attn_v.weight", WIDTH, KV_HEADS * HEAD],
      ["attn_output.weight", WIDTH, WIDTH],
    ],
    keys: {
      full_attention_interval: u32(2),
      "rope.dimension_sections": { type: "i32[]", value: [1, 1, 2, 0] },
      ...stateSpace({ state: STATE, rank: SSM_HEADS, groups: SSM_HEADS, inner: DELTA }),
    },
  },
} as const satisfies Record<string, Architecture>;

function stateSpace({ state, rank, groups = 1, inner = SSM }: { state: number; rank: number; groups?: number; inner?: number }) {
  return {
    "ssm.conv_kernel": u32(CONVOLUTION),
    "ssm.inner_size": u32(inner),
    "ssm.state_size": u32(state),
    "ssm.time_step_rank": u32(rank),
    "ssm.group_count": u32(groups),
  };
}

export const ARCHITECTURES = {
  /** Rotary positions of several dimensions. */
  "M-RoPE": {
    name: "qwen2vl",
    layer: [
      ...[...NORMS, ...ATTENTION, ...GATED],
      ["attn_q.bias", WIDTH],
      ["attn_k.bias", KV_HEADS * HEAD],
      ["attn_v.bias", KV_HEADS * HEAD],
    ],
    keys: { "rope.dimension_sections": { type: "i32[]", value: [1, 1, 2, 0] } },
  },
  /** Two experts of four. */
  "a mixture of experts": {
    name: "llama",
    layer: [
      ...[...NORMS, ...ATTENTION],
      ["ffn_gate_inp.weight", WIDTH, EXPERTS],
      ["ffn_gate_exps.weight", WIDTH, INNER, EXPERTS],
      ["ffn_up_exps.weight", WIDTH, INNER, EXPERTS],
      ["ffn_down_exps.weight", INNER, WIDTH, EXPERTS],
    ],
    keys: { expert_count: u32(EXPERTS), expert_used_count: u32(2) },
  },
  /** A sliding window in every second layer. */
  "a sliding window": {
    name: "gemma3",
    layer: [...NORMS, ...ATTENTION, ...GATED, ...HEAD_NORMS, ["post_attention_norm.weight", WIDTH], ["post_ffw_norm.weight", WIDTH]],
    keys: SLIDING,
  },
  /** Names no node after the final norm. */
  "an unnamed final norm": {
    name: "plamo3",
    layer: [
      ...[...NORMS, ...HEAD_NORMS],
      ["attn_qkv.weight", WIDTH, WIDTH + 2 * KV_HEADS * HEAD],
      ["attn_output.weight", WIDTH, WIDTH],
      ["post_attention_norm", WIDTH],
      ["ffn_up.weight", WIDTH, 2 * INNER],
      ["ffn_down.weight", INNER, WIDTH],
      ["post_ffw_norm", WIDTH],
    ],
  },
  ...RECURRENT,
} as const satisfies Record<string, Architecture>;

export type ArchitectureName = keyof typeof ARCHITECTURES;

export function architectureModel(which: ArchitectureName, seed: number, vocabulary: ByteVocabulary = SIXTY_TOKENS): GgufContent {
  return modelOf(ARCHITECTURES[which], seed, vocabulary);
}

export function modelOf(architecture: Architecture, seed: number, vocabulary: ByteVocabulary = SIXTY_TOKENS): GgufContent {
  const { name, layer, second = layer, finalNorm = "output_norm.weight", others = [], tied = false, keys = {} } = architecture;
  const random = new Random(seed);
  const layers = Array.from({ length: LAYERS }, (_, index) =>
    (index % 2 === 0 ? layer : second).map(([part, ...shape]) => tensor(random, `blk.${index}.${part}`, shape)),
  );
  const output = tensor(random, "output.weight", [WIDTH, vocabulary.size], 2.5);
  const parameters: Record<string, GgufValue> = {
    context_length: u32(256),
    embedding_length: u32(WIDTH),
    block_count: u32(LAYERS),
    feed_forward_length: u32(INNER),
    "attention.head_count": u32(HEADS),
    "attention.head_count_kv": u32(KV_HEADS),
    "attention.key_length": u32(HEAD),
    "attention.value_length": u32(HEAD),
    "attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-5 },
    "rope.dimension_count": u32(HEAD),
    "rope.freq_base": { type: "f32", value: 10_000 },
    ...keys,
  };
  return {
    metadata: {
      "general.architecture": { type: "string", value: name },
      ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [`${name}.${key}`, value])),
      ...vocabulary.metadata(true),
      "argsearch.reward.head.weight": { type: "f32[]", value: rows(output.data, LABELLED) },
      "argsearch.reward.labels": { type: "string[]", value: LABELLED.map(String) },
    },
    tensors: [
      tensor(random, "token_embd.weight", [WIDTH, vocabulary.size], Math.sqrt(WIDTH)),
      ...layers.flat(),
      tensor(random, finalNorm, [WIDTH]),
      ...(tied ? [] : [output]),
      ...others.map(([part, ...shape]) => tensor(random, part, shape)),
    ],
  };
}

/** A matrix turns normalised input into output of that standard deviation; norms are about 1, biases about 0, decays below 0. */
function tensor(random: Random, name: string, shape: readonly number[], spread = 1.4): GgufTensor {
  const count = shape.reduce((product, length) => product * length, 1);
  if (name.includes("norm")) return { name, shape, data: random.normals(count, 0.2, 1) };
  if (name.endsWith("ssm_a")) return { name, shape, data: random.normals(count, 0.3).map((value) => -0.1 - Math.abs(value)) };
  return { name, shape, data: random.normals(count, shape.length === 1 ? 0.3 : spread / Math.sqrt(shape[0])) };
}

function rows(matrix: Float32Array, which: readonly number[]): Float32Array {
  return Float32Array.from(which.flatMap((row) => [...matrix.subarray(row * WIDTH, (row + 1) * WIDTH)]));
}

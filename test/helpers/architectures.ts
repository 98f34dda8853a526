/**
 * Small random models of architectures other than llama's own, whose reward head is made of rows of the vocabulary projection: a
 * reward then is a logit, which the same file tells as a policy.
 */
import { type ByteVocabulary, SIXTY_TOKENS } from "./byte-vocabulary.js";
import type { GgufContent, GgufTensor, GgufValue } from "./gguf-writer.js";
import {
  type Architecture,
  ATTENTION,
  GATED,
  HEAD,
  HEAD_NORMS,
  HEADS,
  INNER,
  KV_HEADS,
  NORMS,
  SLIDING,
  u32,
  WIDTH,
} from "./layer-shapes.js";
import { Random } from "./random.js";
import { RECURRENT } from "./recurrent.js";

const EXPERTS = 4;
const LAYERS = 4;

/** Tokens whose rows of the projection are the labels of the head. */
export const LABELLED = [0, 4, 17, 36] as const;

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

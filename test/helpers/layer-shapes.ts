/** The tensors that layers of small random models are made of. */
import type { GgufValue } from "./gguf-writer.js";

/** Of a hidden state; RWKV's kernels take 64 numbers at once. */
export const WIDTH = 64;
export const HEADS = 4;
export const KV_HEADS = 2;
export const HEAD = WIDTH / HEADS;
export const INNER = 48;

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
export const HEAD_NORMS: Shapes = [
  ["attn_q_norm.weight", HEAD],
  ["attn_k_norm.weight", HEAD],
];
export const SLIDING = { "attention.sliding_window": u32(WINDOW), "attention.sliding_window_pattern": u32(2) };

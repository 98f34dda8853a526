/** Small files that are right, of many architectures, for fuzzing. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EMBEDDED } from "../../../src/index.js";
import { packageManifest, packageRoot } from "../../../src/package-root.js";
import { tinyEncoder, tinyModel, tinyRecurrent } from "../../errors/tiny-model.js";
import { architectureModel, modelOf } from "../../helpers/architectures.js";
import { encodeGguf } from "../../helpers/gguf-writer.js";
import { type Architecture, ATTENTION, GATED, HEAD, INNER, KV_HEADS, NORMS, SLIDING, u32, WIDTH } from "../../helpers/layer-shapes.js";
import { type Pieces, takeApart } from "./pieces.js";

const NORM_BIASES = [
  ["attn_norm.bias", WIDTH],
  ["ffn_norm.bias", WIDTH],
] as const;
const FUSED = ["attn_qkv.weight", WIDTH, WIDTH + 2 * KV_HEADS * HEAD] as const;
const FULL_FUSED = ["attn_qkv.weight", WIDTH, 3 * WIDTH] as const;
const OUTPUT = ["attn_output.weight", WIDTH, WIDTH] as const;
const UP = ["ffn_up.weight", WIDTH, INNER] as const;
const DOWN = ["ffn_down.weight", INNER, WIDTH] as const;
const LAYER_NORM = { "attention.layer_norm_epsilon": { type: "f32", value: 1e-5 } } as const;

const QWEN2: Architecture = {
  name: "qwen2",
  layer: [
    ...[...NORMS, ...ATTENTION, ...GATED],
    ["attn_q.bias", WIDTH],
    ["attn_k.bias", KV_HEADS * HEAD],
    ["attn_v.bias", KV_HEADS * HEAD],
  ],
};
const GEMMA2: Architecture = {
  name: "gemma2",
  layer: [...NORMS, ...ATTENTION, ...GATED, ["post_attention_norm.weight", WIDTH], ["post_ffw_norm.weight", WIDTH]],
  tied: true,
  keys: { ...SLIDING, attn_logit_softcapping: { type: "f32", value: 50 }, final_logit_softcapping: { type: "f32", value: 30 } },
};
const PHI3: Architecture = { name: "phi3", layer: [...NORMS, FUSED, OUTPUT, ["ffn_up.weight", WIDTH, 2 * INNER], DOWN] };
const GPT2: Architecture = {
  name: "gpt2",
  layer: [
    ...[...NORMS, ...NORM_BIASES, FULL_FUSED, OUTPUT, UP, DOWN],
    ["attn_qkv.bias", 3 * WIDTH],
    ["attn_output.bias", WIDTH],
    ["ffn_up.bias", INNER],
    ["ffn_down.bias", WIDTH],
  ],
  others: [
    ["position_embd.weight", WIDTH, 256],
    ["output_norm.bias", WIDTH],
  ],
  keys: { ...LAYER_NORM, "attention.head_count_kv": u32(4) },
};
const MPT: Architecture = {
  name: "mpt",
  layer: [...NORMS, FULL_FUSED, OUTPUT, UP, DOWN],
  keys: { ...LAYER_NORM, "attention.head_count_kv": u32(4), "attention.max_alibi_bias": { type: "f32", value: 8 } },
};

const generated = {
  llama: () => tinyModel(),
  "llama with experts": () => architectureModel("a mixture of experts", 1),
  qwen2: () => modelOf(QWEN2, 2),
  qwen2vl: () => architectureModel("M-RoPE", 3),
  gemma2: () => modelOf(GEMMA2, 4),
  gemma3: () => architectureModel("a sliding window", 5),
  phi3: () => modelOf(PHI3, 6),
  gpt2: () => modelOf(GPT2, 7),
  mpt: () => modelOf(MPT, 8),
  plamo3: () => architectureModel("an unnamed final norm", 9),
  mamba: tinyRecurrent,
  bert: tinyEncoder,
};

const stored = {
  "the embedded policy": () => EMBEDDED.policy,
  "the embedded reward model": () => EMBEDDED.reward,
  /** Without tensors; there once llama.cpp's headers have been fetched. */
  "a vocabulary": () => join(packageRoot, ".cache/llama.cpp", engineRelease(), "models/ggml-vocab-llama-spm.gguf"),
};

export type OriginalName = keyof typeof generated | keyof typeof stored;

export const GENERATED = Object.keys(generated) as OriginalName[];
export const ORIGINALS = [...GENERATED, ...Object.keys(stored)] as OriginalName[];

function engineRelease(): string {
  return String(packageManifest().optionalDependencies?.["@node-llama-cpp/linux-x64"]);
}

const kept = new Map<OriginalName, Pieces>();

/** Undefined for one that is not there. */
export function original(name: OriginalName): Pieces | undefined {
  const known = kept.get(name);
  if (known) return known;
  const bytes = bytesOf(name);
  if (bytes === undefined) return undefined;
  const pieces = takeApart(bytes);
  kept.set(name, pieces);
  return pieces;
}

export function bytesOf(name: OriginalName): Buffer | undefined {
  if (name in generated) return encodeGguf(generated[name as keyof typeof generated]());
  const path = stored[name as keyof typeof stored]();
  return existsSync(path) ? readFileSync(path) : undefined;
}

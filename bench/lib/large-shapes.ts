/** Random models too large to be made in F32 first: their Q4_0 blocks are drawn as they are. */
import { randomFillSync } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { encodeHalves } from "../../src/gguf/float-formats.js";
import { packageRoot } from "../../src/package-root.js";
import { encodeHeader, type GgufValue, type TensorInfo } from "../../test/helpers/gguf-writer.js";
import { Random } from "../../test/helpers/random.js";
import { LOGIT_SPREAD, REWARD_SPREAD, RMS_EPSILON } from "../../test/helpers/random-model.js";
import { LargeVocabulary } from "./large-vocabulary.js";

interface Shape {
  layers: number;
  width: number;
  heads: number;
  feedForward: number;
  vocabulary: number;
}

/** LLaMA-7B's, and one to try programs with. */
const SHAPES: Readonly<Record<string, Shape>> = {
  "7b-q4_0": { layers: 32, width: 4096, heads: 32, feedForward: 11_008, vocabulary: 32_000 },
  "tiny-q4_0": { layers: 2, width: 256, heads: 4, feedForward: 704, vocabulary: 4000 },
};

/** Messages as they are. */
const TEMPLATE = "{% for message in messages %}{{ message.content }}\n{% endfor %}";

/** ggml's number, and how many weights a block holds in how many bytes: a scale in half precision, then two weights a byte. */
const Q4_0 = { id: 2, weights: 32, bytes: 18 } as const;
const F32 = 0;
/** Standard deviation of a weight whose scale is one. */
const SPREAD = Math.sqrt(280 / 16);
/** Blocks that are drawn; tensors are cut out of them at places of their own. A prime, so that no two rows are alike. */
const POOL = 1_000_003;

interface Matrix {
  info: TensorInfo;
  /** Of its weights. */
  spread: number;
}

/** Path of a random Q4_0 model of that shape with a reward head, made on first use; undefined for names of no shape. */
export function largeShape(name: string): string | undefined {
  const shape = SHAPES[name];
  if (shape === undefined) return undefined;
  const folder = join(packageRoot, ".cache", "bench");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.gguf`);
  if (existsSync(path)) return path;
  process.stderr.write(`making a random model, ${name} …\n`);
  write(`${path}.part`, shape);
  renameSync(`${path}.part`, path);
  return path;
}

function write(path: string, shape: Shape): void {
  const matrices = matricesOf(shape);
  const norms = normsOf(shape);
  const pool = randomBlocks();
  const file = openSync(path, "w");
  try {
    put(file, encodeHeader(metadataOf(shape), [...norms, ...matrices.map(({ info }) => info)]));
    const ones = new Float32Array(shape.width).fill(1);
    for (const _ of norms) put(file, Buffer.from(ones.buffer));
    let at = 0;
    for (const { info, spread } of matrices) at = putBlocks(file, pool, { bytes: info.bytes, at, scale: spread / SPREAD });
  } finally {
    closeSync(file);
  }
}

function normsOf({ layers, width }: Shape): TensorInfo[] {
  const norm = (name: string): TensorInfo => ({ name: `${name}.weight`, shape: [width], type: F32, bytes: 4 * width });
  const ofLayers = Array.from({ length: layers }, (_, layer) => [norm(`blk.${layer}.attn_norm`), norm(`blk.${layer}.ffn_norm`)]);
  return [norm("output_norm"), ...ofLayers.flat()];
}

/** Spreads as test/helpers/random-model.ts has them. */
function matricesOf({ layers, width, feedForward, vocabulary }: Shape): Matrix[] {
  const matrix = (name: string, inputs: number, outputs: number, spread: number): Matrix => ({
    info: { name: `${name}.weight`, shape: [inputs, outputs], type: Q4_0.id, bytes: ((inputs * outputs) / Q4_0.weights) * Q4_0.bytes },
    spread: spread / Math.sqrt(inputs),
  });
  return [
    matrix("token_embd", width, vocabulary, Math.sqrt(width)),
    ...Array.from({ length: layers }, (_, layer) => [
      ...["attn_q", "attn_k"].map((name) => matrix(`blk.${layer}.${name}`, width, width, 1.4)),
      matrix(`blk.${layer}.attn_v`, width, width, 1.5),
      matrix(`blk.${layer}.attn_output`, width, width, 1),
      ...["ffn_gate", "ffn_up"].map((name) => matrix(`blk.${layer}.${name}`, width, feedForward, 1.5)),
      matrix(`blk.${layer}.ffn_down`, feedForward, width, 1),
    ]).flat(),
    matrix("output", width, vocabulary, LOGIT_SPREAD),
  ];
}

function metadataOf({ layers, width, heads, feedForward, vocabulary }: Shape): Record<string, GgufValue> {
  const number = (value: number): GgufValue => ({ type: "u32", value });
  return {
    "general.architecture": { type: "string", value: "llama" },
    "general.name": { type: "string", value: "random" },
    "general.file_type": number(2),
    "llama.vocab_size": number(vocabulary),
    "llama.context_length": number(8192),
    "llama.embedding_length": number(width),
    "llama.block_count": number(layers),
    "llama.feed_forward_length": number(feedForward),
    "llama.attention.head_count": number(heads),
    "llama.attention.head_count_kv": number(heads),
    "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: RMS_EPSILON },
    "llama.rope.dimension_count": number(width / heads),
    "llama.rope.freq_base": { type: "f32", value: 10_000 },
    ...new LargeVocabulary(vocabulary).metadata(true),
    "tokenizer.chat_template": { type: "string", value: TEMPLATE },
    "argsearch.reward.head.weight": { type: "f32[]", value: new Random(1).normals(width, REWARD_SPREAD / Math.sqrt(width)) },
    "argsearch.reward.head.bias": { type: "f32", value: 0.25 },
    "argsearch.reward.labels": { type: "string[]", value: ["reward"] },
  };
}

/** Weights from -7 to 7 whose mean is 0: -8 would give them one that every layer makes larger. */
function randomBlocks(): Buffer {
  const pool = Buffer.allocUnsafe(POOL * Q4_0.bytes);
  randomFillSync(pool);
  for (let at = 0; at < pool.length; at++) {
    const byte = pool[at] as number;
    pool[at] = (byte & 15 || 8) | ((byte >> 4 || 8) << 4);
  }
  return pool;
}

/** Where the next tensor begins in the pool. */
function putBlocks(file: number, pool: Buffer, { bytes, at, scale }: { bytes: number; at: number; scale: number }): number {
  const [half = 0] = encodeHalves(Float32Array.of(scale));
  for (let block = 0; block < pool.length; block += Q4_0.bytes) pool.writeUInt16LE(half, block);
  let from = at;
  for (let left = bytes; left > 0; ) {
    const length = Math.min(left, pool.length - from);
    put(file, pool.subarray(from, from + length));
    left -= length;
    from = (from + length) % pool.length;
  }
  return from;
}

function put(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

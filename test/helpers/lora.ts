/** LoRA adapters (Hu et al., 2021) of random models: as files for the addon, and multiplied out for the reference. */
import { type GgufContent, type GgufTensor, type GgufValue, writeGguf } from "./gguf-writer.js";
import { Random } from "./random.js";
import type { LayerWeights, LlamaShape, LlamaWeights, RandomModel } from "./random-model.js";

export interface AdapterOptions {
  seed: number;
  /** Default 3. */
  rank?: number;
  /** Default 6; null writes none, which counts as the rank. */
  alpha?: number | null;
  /** Of layers; default all matrices. */
  layers?: readonly (keyof LayerWeights)[];
  /** The vocabulary projection, and the embedding table, too; default neither. */
  output?: boolean;
  embedding?: boolean;
}

type Size = (shape: LlamaShape) => number;
const WIDTH: Size = ({ embedding }) => embedding;
const KEYS: Size = ({ embedding, heads, kvHeads }) => (embedding / heads) * kvHeads;
const INNER: Size = ({ feedForward }) => feedForward;

const MATRICES = {
  query: ["attn_q", WIDTH, WIDTH],
  key: ["attn_k", WIDTH, KEYS],
  value: ["attn_v", WIDTH, KEYS],
  attentionOutput: ["attn_output", WIDTH, WIDTH],
  gate: ["ffn_gate", WIDTH, INNER],
  up: ["ffn_up", WIDTH, INNER],
  down: ["ffn_down", INNER, WIDTH],
} satisfies Partial<Record<keyof LayerWeights, [name: string, inputs: Size, outputs: Size]>>;

export interface Adapted {
  content: GgufContent;
  /** The model with the adapter in its weights. */
  merged: RandomModel;
}

export function randomAdapter(model: RandomModel, options: AdapterOptions): Adapted {
  const { seed, rank = 3, alpha = 6, layers = Object.keys(MATRICES) as (keyof typeof MATRICES)[] } = options;
  const { shape, weights, vocabulary } = model;
  const random = new Random(seed);
  const scale = alpha === null ? 1 : alpha / rank;
  const tensors: GgufTensor[] = [];
  /** Rows of outputs; about as large as the weights themselves. */
  const changed = (name: string, own: Float32Array, inputs: number, outputs: number): Float32Array => {
    const a = random.normals(inputs * rank, 1 / Math.sqrt(inputs));
    const b = random.normals(outputs * rank, 0.7 / rank);
    tensors.push({ name: `${name}.weight.lora_a`, shape: [inputs, rank], data: a });
    tensors.push({ name: `${name}.weight.lora_b`, shape: [rank, outputs], data: b });
    return own.map((weight, at) => weight + scale * product(b, Math.floor(at / inputs), (r) => a[r * inputs + (at % inputs)], rank));
  };
  const merged: LlamaWeights = {
    ...weights,
    layers: weights.layers.map((layer, index) => {
      const own = { ...layer };
      for (const [field, [name, inputs, outputs]] of Object.entries(MATRICES) as [keyof typeof MATRICES, [string, Size, Size]][]) {
        if (layers.includes(field)) own[field] = changed(`blk.${index}.${name}`, layer[field], inputs(shape), outputs(shape));
      }
      return own;
    }),
    ...(options.output && { output: changed("output", weights.output, shape.embedding, vocabulary.size) }),
    ...(options.embedding && { embedding: changedTable() }),
  };
  return { content: { metadata: adapterMetadata(alpha), tensors }, merged: { ...model, weights: merged } };

  /** Of which rows are looked up: the first factor has one a token. */
  function changedTable(): Float32Array {
    const width = shape.embedding;
    const a = random.normals(vocabulary.size * rank, 1);
    const b = random.normals(width * rank, 0.5 / rank);
    tensors.push({ name: "token_embd.weight.lora_a", shape: [rank, vocabulary.size], data: a });
    tensors.push({ name: "token_embd.weight.lora_b", shape: [rank, width], data: b });
    return weights.embedding.map(
      (weight, at) => weight + scale * product(b, at % width, (r) => a[Math.floor(at / width) * rank + r], rank),
    );
  }
}

/** The same, written to `path`; gives the merged model. */
export function writeAdapter(path: string, model: RandomModel, options: AdapterOptions): RandomModel {
  const { content, merged } = randomAdapter(model, options);
  writeGguf(path, content);
  return merged;
}

/** Of the first queries of any model of the llama architecture whose hidden states, and all heads together, have that width. */
export function queryAdapter(width: number): GgufContent {
  const random = new Random(1);
  const half = (which: "a" | "b", shape: number[]): GgufTensor => {
    return { name: `blk.0.attn_q.weight.lora_${which}`, shape, data: random.normals(4 * width, 0.8) };
  };
  return { metadata: adapterMetadata(), tensors: [half("a", [width, 4]), half("b", [4, width])] };
}

export function adapterMetadata(alpha: number | null = 6): Record<string, GgufValue> {
  return {
    "general.architecture": { type: "string", value: "llama" },
    "general.type": { type: "string", value: "adapter" },
    "adapter.type": { type: "string", value: "lora" },
    ...(alpha !== null && { "adapter.lora.alpha": { type: "f32" as const, value: alpha } }),
  };
}

/** Of a row of `b` with what `a` says of each rank. */
function product(b: Float32Array, row: number, a: (r: number) => number, rank: number): number {
  let sum = 0;
  for (let r = 0; r < rank; r++) sum += b[row * rank + r] * a(r);
  return sum;
}

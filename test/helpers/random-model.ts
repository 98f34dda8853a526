/** Random llama-architecture models: the same weights as a GGUF file for the addon and as arrays for the reference. */
import { type ByteVocabulary, SIXTY_TOKENS } from "./byte-vocabulary.js";
import { type GgufContent, type GgufTensor, type GgufValue, writeGguf } from "./gguf-writer.js";
import { Random } from "./random.js";

export interface LlamaShape {
  layers: number;
  embedding: number;
  heads: number;
  /** Divides `heads`: as many query heads share one of keys and values as it goes into them. */
  kvHeads: number;
  feedForward: number;
  contextLength: number;
  /** Whether the vocabulary projection is the embedding table. */
  tied: boolean;
  ropeBase: number;
  /** What each frequency is divided by, one a pair of a head's numbers; default nothing. The file has them in `longRope`. */
  ropeFactors?: readonly number[];
}

/** Two sets of factors: one for contexts up to the original length, one for longer ones. */
export interface LongRope {
  original: number;
  short: readonly number[];
  long: readonly number[];
}

/** Matrices are row-major, one row an output. */
export interface LlamaWeights {
  embedding: Float32Array;
  layers: LayerWeights[];
  outputNorm: Float32Array;
  output: Float32Array;
}

export interface LayerWeights {
  attentionNorm: Float32Array;
  query: Float32Array;
  key: Float32Array;
  value: Float32Array;
  attentionOutput: Float32Array;
  feedForwardNorm: Float32Array;
  gate: Float32Array;
  up: Float32Array;
  down: Float32Array;
}

/** A reward head as DESIGN defines it: reward = (w · h + bias - shift) / scale, a row of w for each label. */
export interface HeadWeights {
  weight: Float32Array;
  bias: Float32Array;
  labels: readonly string[];
  scale: number;
  shift: number;
}

export interface RandomModelOptions extends Partial<LlamaShape> {
  seed: number;
  vocabulary?: ByteVocabulary;
  /** Labels of a reward head; none by default. */
  labels?: readonly string[];
  /** Normalisation of the head; written to the file only when given. */
  normalisation?: { scale: number; shift: number };
  chatTemplate?: string;
  longRope?: LongRope;
  /** Whether the tokenizer puts the bos token before a prompt; default true. */
  addBos?: boolean;
}

export interface RandomModel {
  shape: LlamaShape;
  vocabulary: ByteVocabulary;
  addBos: boolean;
  chatTemplate: string | undefined;
  longRope: LongRope | undefined;
  weights: LlamaWeights;
  head: HeadWeights | undefined;
  normalised: boolean;
}

export const RMS_EPSILON = 1e-5;

/** Standard deviation of the logits: nats that lie between common and rare tokens. */
export const LOGIT_SPREAD = 2.5;
/** Standard deviation of a single reward. */
export const REWARD_SPREAD = 1;

const SMALL: LlamaShape = {
  layers: 2,
  embedding: 32,
  heads: 4,
  kvHeads: 2,
  feedForward: 48,
  contextLength: 256,
  tied: false,
  ropeBase: 10_000,
};

export function randomModel(options: RandomModelOptions): RandomModel {
  const { seed, vocabulary = SIXTY_TOKENS, labels, normalisation, chatTemplate, longRope, addBos = true, ...given } = options;
  const shape = { ...SMALL, ...given };
  const random = new Random(seed);
  return {
    shape,
    vocabulary,
    addBos,
    chatTemplate,
    longRope,
    weights: randomWeights(shape, vocabulary.size, random),
    head: labels && randomHead(labels, shape.embedding, normalisation, random),
    normalised: normalisation !== undefined,
  };
}

/** A random model, written to `path` as well. */
export function writeRandomModel(path: string, options: RandomModelOptions): RandomModel {
  const model = randomModel(options);
  writeGguf(path, ggufContent(model));
  return model;
}

/** The model's file in parts, for tests that write it with something changed. */
export function ggufContent(model: RandomModel): GgufContent {
  return { metadata: metadataOf(model), tensors: tensorsOf(model) };
}

function randomWeights(shape: LlamaShape, vocabularySize: number, random: Random): LlamaWeights {
  const { embedding: width, feedForward, heads, kvHeads, tied } = shape;
  const kvWidth = (width / heads) * kvHeads;
  /** A matrix that turns normalised input into output of that standard deviation. */
  const matrix = (inputs: number, outputs: number, spread: number) => random.normals(inputs * outputs, spread / Math.sqrt(inputs));
  const norm = () => random.normals(width, 0.2, 1);
  const embedding = tied ? matrix(width, vocabularySize, LOGIT_SPREAD) : random.normals(width * vocabularySize, 1);
  return {
    embedding,
    layers: Array.from({ length: shape.layers }, () => ({
      attentionNorm: norm(),
      query: matrix(width, width, 1.4),
      key: matrix(width, kvWidth, 1.4),
      value: matrix(width, kvWidth, 1.5),
      attentionOutput: matrix(width, width, 1),
      feedForwardNorm: norm(),
      gate: matrix(width, feedForward, 1.5),
      up: matrix(width, feedForward, 1.5),
      down: matrix(feedForward, width, 1),
    })),
    outputNorm: norm(),
    output: tied ? embedding : matrix(width, vocabularySize, LOGIT_SPREAD),
  };
}

function randomHead(
  labels: readonly string[],
  width: number,
  normalisation: { scale: number; shift: number } | undefined,
  random: Random,
): HeadWeights {
  return {
    labels,
    weight: random.normals(labels.length * width, REWARD_SPREAD / Math.sqrt(width)),
    bias: random.normals(labels.length, 0.5),
    scale: Math.fround(normalisation?.scale ?? 1),
    shift: Math.fround(normalisation?.shift ?? 0),
  };
}

function metadataOf(model: RandomModel): Record<string, GgufValue> {
  const { shape, vocabulary, addBos, chatTemplate, longRope } = model;
  return {
    "general.architecture": { type: "string", value: "llama" },
    "general.name": { type: "string", value: "random" },
    "general.file_type": { type: "u32", value: 0 },
    "llama.vocab_size": { type: "u32", value: vocabulary.size },
    "llama.context_length": { type: "u32", value: shape.contextLength },
    "llama.embedding_length": { type: "u32", value: shape.embedding },
    "llama.block_count": { type: "u32", value: shape.layers },
    "llama.feed_forward_length": { type: "u32", value: shape.feedForward },
    "llama.attention.head_count": { type: "u32", value: shape.heads },
    "llama.attention.head_count_kv": { type: "u32", value: shape.kvHeads },
    "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: RMS_EPSILON },
    "llama.rope.dimension_count": { type: "u32", value: shape.embedding / shape.heads },
    "llama.rope.freq_base": { type: "f32", value: shape.ropeBase },
    ...(longRope && {
      "llama.rope.scaling.type": { type: "string" as const, value: "longrope" },
      "llama.rope.scaling.original_context_length": { type: "u32" as const, value: longRope.original },
    }),
    ...vocabulary.metadata(addBos),
    ...(chatTemplate !== undefined && { "tokenizer.chat_template": { type: "string" as const, value: chatTemplate } }),
    ...headMetadata(model),
  };
}

function headMetadata({ head, normalised }: RandomModel): Record<string, GgufValue> {
  if (head === undefined) return {};
  const { weight, bias, labels, scale, shift } = head;
  return {
    "argsearch.reward.head.weight": { type: "f32[]", value: weight },
    "argsearch.reward.head.bias": labels.length === 1 ? { type: "f32", value: bias[0] } : { type: "f32[]", value: bias },
    "argsearch.reward.labels": { type: "string[]", value: labels },
    ...(normalised && {
      "argsearch.reward.scale": { type: "f32" as const, value: scale },
      "argsearch.reward.shift": { type: "f32" as const, value: shift },
    }),
  };
}

function tensorsOf({ shape, vocabulary, longRope, weights }: RandomModel): GgufTensor[] {
  const { embedding: width, feedForward, heads, kvHeads, tied } = shape;
  const kvWidth = (width / heads) * kvHeads;
  const layerTensors = weights.layers.flatMap((layer, index): GgufTensor[] => {
    const tensor = (name: string, dims: number[], data: Float32Array) => ({ name: `blk.${index}.${name}.weight`, shape: dims, data });
    return [
      tensor("attn_norm", [width], layer.attentionNorm),
      tensor("attn_q", [width, width], layer.query),
      tensor("attn_k", [width, kvWidth], layer.key),
      tensor("attn_v", [width, kvWidth], layer.value),
      tensor("attn_output", [width, width], layer.attentionOutput),
      tensor("ffn_norm", [width], layer.feedForwardNorm),
      tensor("ffn_gate", [width, feedForward], layer.gate),
      tensor("ffn_up", [width, feedForward], layer.up),
      tensor("ffn_down", [feedForward, width], layer.down),
    ];
  });
  return [
    { name: "token_embd.weight", shape: [width, vocabulary.size], data: weights.embedding },
    ...(longRope ? [ropeFactors("long", longRope.long), ropeFactors("short", longRope.short)] : []),
    ...layerTensors,
    { name: "output_norm.weight", shape: [width], data: weights.outputNorm },
    ...(tied ? [] : [{ name: "output.weight", shape: [width, vocabulary.size], data: weights.output }]),
  ];
}

function ropeFactors(which: "long" | "short", factors: readonly number[]): GgufTensor {
  return { name: `rope_factors_${which}.weight`, shape: [factors.length], data: Float32Array.from(factors) };
}

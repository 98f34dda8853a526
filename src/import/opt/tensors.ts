/**
 * OPT's tensors as those of llama.cpp's gpt2 architecture. Both are the same pre-norm transformer, but for the
 * activation: OPT has ReLU, gpt2 GELU. Since GELU(S x) / S tends to ReLU(x) as S grows, the layer before it is scaled
 * by S and the one behind it by 1 / S: powers of two, so that no digit is lost.
 */
import { ArgsearchError } from "../../errors.js";
import { F16_MAX } from "../../gguf/float-formats.js";
import type { GgufTensor } from "../../gguf/writer.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { OptShape } from "./config.js";

/** The largest S. A hidden unit's value is then off by at most 0.17 / 256. */
const RELU_SCALE = 256;

/** Rows of the position table before position 0: OPT counts from the padding token's id + 1. */
const POSITION_OFFSET = 2;

export interface OptTensors {
  tensors: GgufTensor[];
  /** By how much the residual stream is scaled; the layer norms' epsilon grows with its square. */
  residualScale: number;
  /** The smallest S of all layers. */
  reluScale: number;
}

interface Source {
  name: string;
  factor?: number;
  /** First row, of the slowest dimension. */
  row?: number;
}

/**
 * The table of tensors, to be streamed from `checkpoint`.
 *
 * With `forQuantised` the residual stream is scaled by S as well, and the output norm undoes it. A layer's 1 / S then
 * cancels: quantised blocks store their scale as F16, in which weights that are 256 times smaller keep but a few bits.
 *
 * @throws ArgsearchError MODEL_INVALID when a tensor is missing or has another shape; as Checkpoint.floats()
 */
export async function optTensors(checkpoint: Checkpoint, shape: OptShape, forQuantised: boolean, type: "f32" | "f16"): Promise<OptTensors> {
  const names = new OptNames(checkpoint);
  const residual = forQuantised ? RELU_SCALE : 1;
  const scales: number[] = [];
  // F32 arithmetic has room for any S; every other format's multiplies F16 numbers somewhere.
  for (let layer = 0; layer < shape.layers; layer++) {
    scales.push(type === "f32" && !forQuantised ? RELU_SCALE : await safeScale(checkpoint, names, layer));
  }
  const { embedding: width, feedForward: wide, vocabulary, context } = shape;
  const make = (name: string, dims: readonly number[], ...sources: Source[]): GgufTensor =>
    tensor(checkpoint, { name, dims, sources, type: dims.length > 1 && name !== "position_embd.weight" ? type : "f32" });
  const pair = (name: string, inputs: number, outputs: number, weight: Source[], bias: Source[]): GgufTensor[] => [
    make(`${name}.weight`, [inputs, outputs], ...weight),
    make(`${name}.bias`, [outputs], ...bias),
  ];
  const norm = (name: string, source: string, factor = 1): GgufTensor[] => [
    make(`${name}.weight`, [width], { name: `${source}.weight`, factor }),
    make(`${name}.bias`, [width], { name: `${source}.bias`, factor }),
  ];
  const blocks = scales.flatMap((scale, index) => {
    const of = (part: string, kind: string, factor = 1): Source => ({ name: names.inLayer(index, `${part}.${kind}`), factor });
    const qkv = (kind: string): Source[] => ["q", "k", "v"].map((each) => of(`self_attn.${each}_proj`, kind));
    const at = `blk.${index}`;
    return [
      ...norm(`${at}.attn_norm`, names.inLayer(index, "self_attn_layer_norm")),
      ...pair(`${at}.attn_qkv`, width, 3 * width, qkv("weight"), qkv("bias")),
      ...pair(
        `${at}.attn_output`,
        width,
        width,
        [of("self_attn.out_proj", "weight", residual)],
        [of("self_attn.out_proj", "bias", residual)],
      ),
      ...norm(`${at}.ffn_norm`, names.inLayer(index, "final_layer_norm")),
      ...pair(`${at}.ffn_up`, width, wide, [of("fc1", "weight", scale)], [of("fc1", "bias", scale)]),
      ...pair(`${at}.ffn_down`, wide, width, [of("fc2", "weight", residual / scale)], [of("fc2", "bias", residual)]),
    ];
  });
  const embedding = names.of("embed_tokens.weight");
  // The projection is the embedding table as it was; a copy of its own is needed where that was scaled.
  const projection = checkpoint.info("lm_head.weight") ? "lm_head.weight" : embedding;
  const tensors = [
    make("token_embd.weight", [width, vocabulary], { name: embedding, factor: residual }),
    make("position_embd.weight", [width, context], { name: names.of("embed_positions.weight"), factor: residual, row: POSITION_OFFSET }),
    ...blocks,
    ...norm("output_norm", names.of("final_layer_norm")),
    ...(residual === 1 && projection === embedding ? [] : [make("output.weight", [width, vocabulary], { name: projection })]),
  ];
  return { tensors, residualScale: residual, reluScale: Math.min(...scales) };
}

/** Names differ by what OPTModel is wrapped in. */
class OptNames {
  readonly #prefix: string;

  constructor(checkpoint: Checkpoint) {
    const marker = "decoder.embed_tokens.weight";
    const found = checkpoint.names.find((name) => name.endsWith(marker));
    if (found === undefined) throw new ArgsearchError("MODEL_INVALID", `${checkpoint.path} has no tensor ${marker}`);
    this.#prefix = found.slice(0, -"embed_tokens.weight".length);
  }

  of(name: string): string {
    return this.#prefix + name;
  }

  inLayer(index: number, name: string): string {
    return `${this.#prefix}layers.${index}.${name}`;
  }
}

/**
 * The largest S up to 256 with which nothing of a layer leaves F16's range, for any input: its weights, and the values
 * before the activation. Behind the layer norm, with gain g and offset o, a vector is g * x + o with |x| = sqrt(n), so that a unit with
 * weights w and bias b is at most |w * g| sqrt(n) + |w . o + b|.
 */
async function safeScale(checkpoint: Checkpoint, names: OptNames, index: number): Promise<number> {
  const read = (name: string): Promise<Float32Array> => checkpoint.floats(names.inLayer(index, name));
  const [gain, offset, bias, weight] = [
    await read("final_layer_norm.weight"),
    await read("final_layer_norm.bias"),
    await read("fc1.bias"),
    await read("fc1.weight"),
  ];
  const width = gain.length;
  let largest = 0;
  for (let unit = 0; unit < bias.length; unit++) {
    let squares = 0;
    let constant = bias[unit] as number;
    for (let i = 0; i < width; i++) {
      const w = weight[unit * width + i] as number;
      squares += (w * (gain[i] as number)) ** 2;
      constant += w * (offset[i] as number);
      largest = Math.max(largest, Math.abs(w));
    }
    largest = Math.max(largest, Math.sqrt(squares * width) + Math.abs(constant));
  }
  let scale = RELU_SCALE;
  while (scale > 1 && scale * largest > F16_MAX) scale /= 2;
  return scale;
}

interface Plan {
  name: string;
  /** ggml's order. */
  dims: readonly number[];
  type: "f32" | "f16";
  /** One behind the other. */
  sources: readonly Source[];
}

function tensor(checkpoint: Checkpoint, { name, dims, type, sources }: Plan): GgufTensor {
  const wanted = dims.reduce((product, length) => product * length, 1);
  const row = dims.length > 1 ? (dims[0] ?? 1) : 1;
  const found = sources.reduce((sum, source) => sum + available(checkpoint, source, row), 0);
  if (found !== wanted) {
    const which = sources.map((source) => source.name).join(", ");
    throw new ArgsearchError("MODEL_INVALID", `${checkpoint.path}: ${which} have ${found} numbers where config.json makes it ${wanted}`);
  }
  return { name, shape: dims, type, chunks: () => scaledChunks(checkpoint, sources, row) };
}

function available(checkpoint: Checkpoint, { name, row: first = 0 }: Source, row: number): number {
  const info = checkpoint.info(name);
  if (info === undefined) throw new ArgsearchError("MODEL_INVALID", `${checkpoint.path} has no tensor ${name}`);
  return info.count - first * row;
}

async function* scaledChunks(checkpoint: Checkpoint, sources: readonly Source[], row: number): AsyncGenerator<Float32Array> {
  for (const { name, factor = 1, row: first = 0 } of sources) {
    for await (const chunk of checkpoint.chunks(name, first * row)) {
      yield factor === 1 ? chunk : chunk.map((value) => value * factor);
    }
  }
}

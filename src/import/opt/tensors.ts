/**
 * OPT's tensors as those of llama.cpp's mpt architecture. Both are the same pre-norm transformer, but for the
 * activation: OPT has ReLU, mpt GELU, and a divisor for each unit behind it. Since GELU(S x) / S tends to ReLU(x) as S
 * grows, the layer before it is scaled by S, a power of two so that no digit is lost, and S is the divisor.
 */

import type { Checkpoint } from "../../checkpoint/checkpoint.js";
import { throwIfAborted } from "../../engine/abort.js";
import { ArgsearchError } from "../../errors.js";
import type { GgufTensor } from "../../gguf/writer.js";
import type { ModelType } from "../model-types.js";
import type { OptShape } from "./config.js";
import { reluScale } from "./relu-scale.js";

/** Rows of the position table before position 0: OPT counts from the padding token's id + 1. */
const POSITION_OFFSET = 2;

export interface OptTensors {
  tensors: GgufTensor[];
  /** The smallest S of all layers. */
  reluScale: number;
}

interface Source {
  name: string;
  factor?: number;
  /** First row, of the slowest dimension. */
  row?: number;
}

export interface OptFormat {
  /** The weights' in the end. */
  type: ModelType;
  /** The weights' before they are quantised. */
  written: "f32" | "f16";
  /** Tensors that are not the trunk's. */
  others: readonly string[];
}

/**
 * The table of tensors, to be streamed from `checkpoint`.
 *
 * @throws ArgsearchError MODEL_INVALID when a tensor is missing or has another shape; MODEL_UNSUPPORTED for one that OPT does not have; as
 * Checkpoint.floats(); ABORTED
 */
export async function optTensors(
  checkpoint: Checkpoint,
  shape: OptShape,
  { type, written, others }: OptFormat,
  signal?: AbortSignal,
): Promise<OptTensors> {
  const names = new OptNames(checkpoint);
  const scales: number[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    throwIfAborted(signal);
    scales.push(await reluScale(checkpoint, (name) => names.inLayer(layer, name), type));
  }
  const { embedding: width, feedForward: wide, vocabulary, context } = shape;
  const read: string[] = [];
  const make = (name: string, dims: readonly number[], ...sources: Source[]): GgufTensor => {
    read.push(...sources.map((source) => source.name));
    return tensor(checkpoint, { name, dims, sources, type: dims.length > 1 && name !== "position_embd.weight" ? written : "f32" });
  };
  const pair = (name: string, inputs: number, outputs: number, parts: readonly string[], factor = 1): GgufTensor[] => [
    make(`${name}.weight`, [inputs, outputs], ...parts.map((part) => ({ name: `${part}.weight`, factor }))),
    make(`${name}.bias`, [outputs], ...parts.map((part) => ({ name: `${part}.bias`, factor }))),
  ];
  const norm = (name: string, source: string): GgufTensor[] => [
    make(`${name}.weight`, [width], { name: `${source}.weight` }),
    make(`${name}.bias`, [width], { name: `${source}.bias` }),
  ];
  const blocks = scales.flatMap((scale, index) => {
    const of = (part: string): string => names.inLayer(index, part);
    const at = `blk.${index}`;
    return [
      ...norm(`${at}.attn_norm`, of("self_attn_layer_norm")),
      ...pair(
        `${at}.attn_qkv`,
        width,
        3 * width,
        ["q", "k", "v"].map((each) => of(`self_attn.${each}_proj`)),
      ),
      ...pair(`${at}.attn_output`, width, width, [of("self_attn.out_proj")]),
      ...norm(`${at}.ffn_norm`, of("final_layer_norm")),
      ...pair(`${at}.ffn_up`, width, wide, [of("fc1")], scale),
      constant(`${at}.ffn.act.scales`, wide, scale),
      ...pair(`${at}.ffn_down`, wide, width, [of("fc2")]),
    ];
  });
  const embedding = names.of("embed_tokens.weight");
  const tensors = [
    make("token_embd.weight", [width, vocabulary], { name: embedding }),
    make("position_embd.weight", [width, context], { name: names.of("embed_positions.weight"), row: POSITION_OFFSET }),
    ...blocks,
    ...norm("output_norm", names.of("final_layer_norm")),
    // Without one of its own the projection is the embedding table.
    ...(checkpoint.info(PROJECTION) ? [make("output.weight", [width, vocabulary], { name: PROJECTION })] : []),
  ];
  refuseUnread(checkpoint, [...read, ...others]);
  return { tensors, reluScale: Math.min(...scales) };
}

const PROJECTION = "lm_head.weight";

/** A tensor that nobody reads would be a part of the model that is missing. */
function refuseUnread(checkpoint: Checkpoint, read: readonly string[]): void {
  const known = new Set(read);
  const unread = checkpoint.names.filter((name) => !known.has(name));
  if (unread.length === 0) return;
  const list = unread.slice(0, 5).join(", ") + (unread.length > 5 ? ", …" : "");
  throw new ArgsearchError("MODEL_UNSUPPORTED", `${checkpoint.path}: OPT has no ${list}, and they would not be applied`);
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

function constant(name: string, length: number, value: number): GgufTensor {
  async function* chunks(): AsyncGenerator<Float32Array> {
    yield new Float32Array(length).fill(value);
  }
  return { name, shape: [length], type: "f32", chunks };
}

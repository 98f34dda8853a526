/** Random OPT models as Hugging Face directories, and OPT in plain float64 arithmetic (Zhang et al. 2022). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeHfDirectory } from "./hf-directory.js";
import { Random } from "./random.js";
import type { SafeTensor } from "./safetensors-writer.js";

export interface RandomOpt {
  config: Record<string, unknown>;
  tensors: Record<string, SafeTensor>;
  /** id -> token, in GPT-2's spelling of bytes. */
  vocabulary: string[];
}

export const OPT_WIDTH = 32;
const HEADS = 4;
const WIDE = 96;
const LAYERS = 2;
const CONTEXT = 64;
/** More rows than tokens, as OPT has. */
const ROWS = 64;
const EPSILON = 1e-5;

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz.,!?", "Ġ"];

/** `hidden`: how far the numbers that go into the activation spread; what the layer adds to the stream does not depend on it. */
export function randomOpt(seed: number, labels = 0, hidden = 1.4): RandomOpt {
  const random = new Random(seed);
  const matrix = (rows: number, columns: number, spread: number): SafeTensor => ({
    shape: [rows, columns],
    data: random.normals(rows * columns, spread / Math.sqrt(columns)),
  });
  const vector = (length: number, spread: number, mean = 0): SafeTensor => ({
    shape: [length],
    data: random.normals(length, spread, mean),
  });
  const tensors: Record<string, SafeTensor> = {};
  const linear = (name: string, rows: number, columns: number, spread: number, bias = 0.1): void => {
    tensors[`${name}.weight`] = matrix(rows, columns, spread);
    tensors[`${name}.bias`] = vector(rows, bias);
  };
  const norm = (name: string): void => {
    tensors[`${name}.weight`] = vector(OPT_WIDTH, 0.2, 1);
    tensors[`${name}.bias`] = vector(OPT_WIDTH, 0.2);
  };
  tensors["model.decoder.embed_tokens.weight"] = matrix(ROWS, OPT_WIDTH, 2);
  tensors["model.decoder.embed_positions.weight"] = matrix(CONTEXT + 2, OPT_WIDTH, 2);
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = `model.decoder.layers.${layer}`;
    norm(`${at}.self_attn_layer_norm`);
    for (const each of ["q", "k", "v"]) linear(`${at}.self_attn.${each}_proj`, OPT_WIDTH, OPT_WIDTH, 1.4);
    linear(`${at}.self_attn.out_proj`, OPT_WIDTH, OPT_WIDTH, 0.5);
    norm(`${at}.final_layer_norm`);
    linear(`${at}.fc1`, WIDE, OPT_WIDTH, hidden, hidden / 14);
    linear(`${at}.fc2`, OPT_WIDTH, WIDE, 0.7 / hidden);
  }
  norm("model.decoder.final_layer_norm");
  if (labels > 0) tensors["score.weight"] = matrix(labels, OPT_WIDTH, 1);
  const names = Array.from({ length: labels }, (_, at) => [at, `label ${at}`]);
  return {
    config: {
      architectures: [labels > 0 ? "OPTForSequenceClassification" : "OPTForCausalLM"],
      model_type: "opt",
      _name_or_path: "random/opt",
      hidden_size: OPT_WIDTH,
      word_embed_proj_dim: OPT_WIDTH,
      ffn_dim: WIDE,
      num_hidden_layers: LAYERS,
      num_attention_heads: HEADS,
      max_position_embeddings: CONTEXT,
      vocab_size: ROWS,
      do_layer_norm_before: true,
      activation_function: "relu",
      pad_token_id: 1,
      bos_token_id: 2,
      eos_token_id: 2,
      ...(labels > 0 && { id2label: Object.fromEntries(names) }),
    },
    tensors,
    vocabulary: ["<s>", "<pad>", "</s>", "<unk>", ...LETTERS, "th", "the"],
  };
}

export function writeOpt(dir: string, { config, tensors, vocabulary }: RandomOpt, shards = 1): string {
  const ids = Object.fromEntries(vocabulary.map((token, id) => [token, id]));
  writeHfDirectory(dir, { config, tensors, shards, files: { "vocab.json": ids } });
  writeFileSync(join(dir, "merges.txt"), "#version: 0.2\nt h\nth e\n");
  return dir;
}

/** The hidden state behind the final norm at every token, and the logits that follow from the last one. */
export function optForward({ tensors }: RandomOpt, ids: readonly number[]): { hidden: number[][]; logits: number[] } {
  const get = (name: string): number[] => Array.from(tensors[`model.decoder.${name}`]?.data as Float32Array);
  const embed = get("embed_tokens.weight");
  const positions = get("embed_positions.weight");
  const row = (table: number[], at: number): number[] => table.slice(at * OPT_WIDTH, (at + 1) * OPT_WIDTH);
  let states = ids.map((id, at) => add(row(embed, id), row(positions, at + 2)));
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = `layers.${layer}`;
    const linear = (name: string, x: readonly number[]): number[] =>
      add(multiply(get(`${at}.${name}.weight`), x), get(`${at}.${name}.bias`));
    const norm = (name: string, x: readonly number[]): number[] => layerNorm(x, get(`${at}.${name}.weight`), get(`${at}.${name}.bias`));
    const normed = states.map((state) => norm("self_attn_layer_norm", state));
    const [q = [], k = [], v = []] = ["q", "k", "v"].map((each) => normed.map((x) => linear(`self_attn.${each}_proj`, x)));
    states = states.map((state, to) => add(state, linear("self_attn.out_proj", attend(q[to] ?? [], k.slice(0, to + 1), v))));
    states = states.map((state) => {
      const inner = linear("fc1", norm("final_layer_norm", state)).map((value) => Math.max(0, value));
      return add(state, linear("fc2", inner));
    });
  }
  const hidden = states.map((state) => layerNorm(state, get("final_layer_norm.weight"), get("final_layer_norm.bias")));
  return { hidden, logits: multiply(embed, hidden.at(-1) ?? []) };
}

export function multiply(matrix: readonly number[], vector: readonly number[]): number[] {
  return Array.from({ length: matrix.length / vector.length }, (_, row) =>
    vector.reduce((sum, value, at) => sum + value * (matrix[row * vector.length + at] as number), 0),
  );
}

function attend(query: readonly number[], keys: readonly number[][], values: readonly number[][]): number[] {
  const size = OPT_WIDTH / HEADS;
  return Array.from({ length: HEADS }, (_, head) => {
    const part = (vector: readonly number[]): number[] => vector.slice(head * size, (head + 1) * size);
    const scores = keys.map((key) => multiply(part(key), part(query))[0] as number).map((score) => score / Math.sqrt(size));
    const most = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return Array.from({ length: size }, (_, at) =>
      weights.reduce((sum, weight, from) => sum + (weight / total) * (part(values[from] ?? [])[at] as number), 0),
    );
  }).flat();
}

function layerNorm(x: readonly number[], gain: readonly number[], offset: readonly number[]): number[] {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, at) => ((value - mean) / Math.sqrt(variance + EPSILON)) * (gain[at] as number) + (offset[at] as number));
}

function add(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, at) => value + (b[at] as number));
}

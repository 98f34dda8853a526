/**
 * The typed face of the native addon: what crosses the border, once, with shapes and units.
 * Nothing above this file knows of N-API; nothing below it knows of prompts, text or options.
 *
 * Every native error is an `Error` with a string `code` out of `ErrorCode` (errors.ts).
 * Asynchronous calls run on a thread of the object they belong to, in call order.
 */
import { createRequire } from "node:module";
import { ArgsearchError } from "../errors.js";
import { packageRoot } from "../package-root.js";

/** What opening an engine directory found. */
export interface EngineInfo {
  /** Absolute directory of the shared libraries. */
  dir: string;
  /** llama.cpp's own version string, for example "v0.4.0". */
  version: string;
}

export interface NativeDevice {
  /** ggml's device name, for example "CPU", "CUDA0", "Vulkan0". */
  name: string;
  description: string;
  /** ggml's backend registry name: "CPU", "CUDA", "Vulkan", "Metal", … */
  backend: string;
  type: "cpu" | "gpu" | "igpu" | "accel";
  /** Bytes; 0 when the backend does not say. */
  memoryFree: number;
  memoryTotal: number;
}

/** Shared between JavaScript and a running native call; setting it ends loading or prefill early with code ABORTED. */
export interface NativeCancel {
  cancel(): void;
}

export interface LoadModelOptions {
  path: string;
  /** Layers to keep on the GPU: -1 all, 0 none. */
  gpuLayers: number;
  /** ggml backend name whose devices may be used ("CUDA", …), "" = every GPU there is, "CPU" = none. */
  backend: string;
  /**
   * Tokens that one sequence will hold, as far as the model allows; default: as many as it allows. Long-RoPE models choose their
   * factors by it, so the contexts made later must be on the same side of the model's original length.
   */
  contextSize?: number;
  cancel?: NativeCancel;
}

export interface NativeHead {
  /** Names, one an objective; synthesised ("reward", or "0", "1", …) when the file has none. */
  labels: string[];
  /** Reported reward = (raw - shift) / scale, one value a label; 0 and 1 when the file has none. */
  shift: number[];
  scale: number[];
}

export interface ModelInfo {
  path: string;
  architecture: string;
  /** llama.cpp's one-line description, for example "llama 135M Q4_1". */
  description: string;
  parameters: number;
  /** Bytes of the weights. */
  size: number;
  nEmbd: number;
  nVocab: number;
  nLayer: number;
  /** Context length the model was trained with, tokens. */
  nCtxTrain: number;
  recurrent: boolean;
  encoder: boolean;
  chatTemplate: string | null;
  addBos: boolean;
  bos: number;
  eos: number;
  /** Texts of the special tokens, "" when absent: chat templates ask for them. */
  bosText: string;
  eosText: string;
  /** Null when the file carries no reward head. */
  head: NativeHead | null;
}

export interface NativeModel {
  readonly info: ModelInfo;
  /** Token ids of a text. parseSpecial: text of control tokens becomes the token itself. */
  tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array;
  /** UTF-8 bytes of each token; special: render control tokens as their text, else as nothing. */
  pieces(tokens: Int32Array, special: boolean): Uint8Array[];
  isEog(token: number): boolean;
  /** Drops this handle's share of the weights; they are freed once no search or scorer uses them. Twice is fine. */
  dispose(): void;
}

/** One reward model of a search, with the weight of each of its labels. */
export interface NativeRewardSource {
  model: NativeModel;
  /** One weight a label; the combined reward is the weighted sum over all labels of all models. */
  weights: Float64Array;
}

export type KvType = "auto" | "f32" | "f16" | "q8_0";

export interface ContextOptions {
  /** Threads of a decode. */
  threads: number;
  /** Most tokens in one llama_decode. */
  batchSize: number;
  /** "auto": f32 for F32 models, f16 otherwise. */
  kvType: KvType;
}

export interface SearchOptions extends ContextOptions {
  policy: NativeModel;
  rewards: NativeRewardSource[];
  /** Prompts decoded at once. */
  slots: number;
  /** Tokens of prompt and response that one slot may hold. */
  contextSize: number;
}

export interface BeginOptions {
  /** The policy's prompt. Non-empty. Its last token is decoded by the first step, the others now. */
  policyTokens: Int32Array;
  /** Each reward model's prompt, in the order of SearchOptions.rewards. Decoded whole, now. */
  rewardTokens: Int32Array[];
  /** "args": top-k candidates. "sample": one candidate out of llama.cpp's samplers. Greedy decoding is args with topK 1. */
  method: "args" | "sample";
  topK: number;
  weight: number;
  combine: "interpolate" | "additive";
  select: "greedy" | "stochastic";
  temperature: number;
  /** llama.cpp's top-p of method "sample"; 1 = off. */
  topP: number;
  /** Unsigned 32 bit. */
  seed: number;
  /** Return every step's candidates. */
  candidates: boolean;
  cancel?: NativeCancel;
}

/** Tokens found in the cache and tokens decoded, with the time that took. */
export interface BeginResult {
  policyCached: number;
  policyDecoded: number;
  rewardCached: number[];
  rewardDecoded: number[];
  /** Milliseconds. */
  policyMs: number;
  rewardMs: number;
}

/** k candidates in descending log-probability. */
export interface NativeCandidates {
  tokens: Int32Array;
  /** Natural logarithms over the whole vocabulary. */
  logProbs: Float64Array;
  /** Combined rewards; NaN without a native reward model. */
  rewards: Float64Array;
  /** k x n objectives, row-major: every label of every reward model, normalised, unweighted. */
  objectives: Float64Array;
  /** Combined scores; NaN after propose(). */
  scores: Float64Array;
}

export interface NativeStep {
  slot: number;
  /** The committed token; -1 after propose(). */
  token: number;
  /** Its place among the candidates. */
  rank: number;
  eog: boolean;
  /** UTF-8 bytes of the token, possibly a part of a character; empty for control tokens. */
  bytes: Uint8Array;
  logProb: number;
  reward: number;
  objectives: Float64Array;
  score: number;
  /** Present when asked for in BeginOptions, and always after propose(). */
  candidates?: NativeCandidates;
}

export interface NativeStepBatch {
  steps: NativeStep[];
  /** Milliseconds inside the policy's and the reward models' llama_decode, and of the whole call. */
  policyMs: number;
  rewardMs: number;
  totalMs: number;
}

/** Counted since the search was made. Prefill tokens are those of begin(), the others those of steps. */
export interface SearchCounters {
  steps: number;
  policyTokens: number;
  policyPrefillTokens: number;
  rewardTokens: number;
  rewardPrefillTokens: number;
  policyDecodes: number;
  rewardDecodes: number;
  /** How often a reward model's vocabulary projection was evaluated: 0 unless the architecture forces the fallback. */
  rewardProjections: number;
  /** Milliseconds inside llama_decode, prefill included. */
  decodeMs: number;
}

/** Bytes of the KV cells in use (llama_state_get_size), not of the whole cache. */
export interface CacheBytes {
  policy: number;
  /** One a reward model. */
  rewards: number[];
}

export interface NativeSearch {
  /** Fills a slot's caches with its prompt, reusing the longest prefix they already hold. */
  begin(slot: number, options: BeginOptions): Promise<BeginResult>;
  /** Propose, score, select and commit one token for each of the slots, in as few batches as there can be. */
  step(slots: Int32Array): Promise<NativeStepBatch>;
  /** The first half of a step: candidates with their native rewards, nothing chosen. */
  propose(slots: Int32Array): Promise<NativeStepBatch>;
  /** The second half: rewards[i] holds the k combined rewards that replace those of slots[i]'s candidates. */
  commit(slots: Int32Array, rewards: Float64Array[]): Promise<NativeStepBatch>;
  /** Forgets a slot's cache. */
  clear(slot: number): Promise<void>;
  counters(): SearchCounters;
  cacheBytes(): Promise<CacheBytes>;
  /** Drains what runs, frees the contexts, then resolves. Twice is fine. */
  dispose(): Promise<void>;
}

export interface ScorerOptions extends ContextOptions {
  model: NativeModel;
  /** Longest sequence, tokens. */
  contextSize: number;
  /** Sequences that may share a batch. */
  sequences: number;
}

export interface ScoreSequence {
  tokens: Int32Array;
  /** Ascending positions (0-based) whose reward, or hidden state, is wanted. */
  positions: Int32Array;
}

export interface SequenceScore {
  /** positions x labels, row-major, normalised by shift and scale. Empty when the model has no head. */
  rewards: Float64Array;
  /** positions x nEmbd, row-major; only when asked for. */
  hidden?: Float32Array;
}

export interface NativeScorer {
  /** Scores sequences in shared batches; a prefix that neighbours share is decoded once. */
  score(sequences: ScoreSequence[], hidden: boolean, cancel?: NativeCancel): Promise<SequenceScore[]>;
  counters(): { tokens: number; decodes: number };
  dispose(): Promise<void>;
}

/** How a text's token states become one vector; "auto": as the file's metadata says. */
export type Pooling = "auto" | "mean" | "cls" | "last";

export interface EmbedderOptions extends ContextOptions {
  model: NativeModel;
  pooling: Pooling;
  /** Longest text, tokens. */
  contextSize: number;
  /** Texts that may share a batch. */
  sequences: number;
}

export interface NativeEmbedder {
  /** One vector of length 1 a text, given by its tokens, special ones included. */
  embed(texts: Int32Array[], cancel?: NativeCancel): Promise<Float32Array[]>;
  counters(): { tokens: number; decodes: number };
  dispose(): Promise<void>;
}

export type GgufScalar = string | number | boolean;

export interface GgufEntry {
  key: string;
  /** GGUF type name: "u32", "f32", "str", "arr[f32]", … */
  type: string;
  /** Whole for scalars and for numeric arrays of at most 1,048,576 items; string arrays at most 64; else null. */
  value: GgufScalar | GgufScalar[] | Float64Array | null;
  /** Items of an array, 1 for a scalar. */
  count: number;
}

export interface GgufFile {
  version: number;
  entries: GgufEntry[];
  /** Tensors, parameters and bytes by ggml type name. */
  tensorTypes: { type: string; tensors: number; parameters: number; bytes: number }[];
  tensorCount: number;
  parameters: number;
}

/** A metadata key to set. f32 arrays are Float32Array; a string array is string[]. */
export interface GgufSet {
  key: string;
  value: string | string[] | { f32: number } | Float32Array;
}

export interface Binding {
  /** Opens llama.cpp's libraries in a directory; the same directory again is free. */
  openEngine(dir: string): EngineInfo;
  devices(): NativeDevice[];
  /**
   * llama.cpp's and ggml's log lines of this process; null silences them (the default). Each environment (the main thread, a worker)
   * has a callback of its own and gets every line.
   */
  setLogCallback(callback: ((level: "debug" | "info" | "warn" | "error", text: string) => void) | null): void;
  createCancel(): NativeCancel;
  /** onProgress: 0…1. */
  loadModel(options: LoadModelOptions, onProgress: ((progress: number) => void) | null): Promise<NativeModel>;
  /** Null when two models map every id to the same token, else what differs, in words. */
  vocabularyDifference(a: NativeModel, b: NativeModel): string | null;
  createSearch(options: SearchOptions): Promise<NativeSearch>;
  createScorer(options: ScorerOptions): Promise<NativeScorer>;
  createEmbedder(options: EmbedderOptions): Promise<NativeEmbedder>;
  readGguf(path: string): Promise<GgufFile>;
  /** Copies a GGUF with other metadata, tensors streamed; it takes the place of an older one when it is whole and on disk. */
  rewriteGguf(source: string, target: string, set: GgufSet[], remove: string[]): Promise<void>;
  /** Writes a GGUF with its weights in another format ("f16", "q8_0", "q4_k_m", …); metadata is kept. Not atomic. */
  quantizeGguf(source: string, target: string, type: string, threads: number): Promise<void>;
  /** Ends every running call of this environment and frees what is left: for the process's exit. */
  shutdown(): void;
}

let loaded: Binding | undefined;

/**
 * The addon, from prebuilds/ or build/; loaded once in each thread.
 *
 * @throws ArgsearchError ADDON_NOT_FOUND
 */
export function binding(): Binding {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  try {
    const nodeGypBuild = require("node-gyp-build") as (dir: string) => Binding;
    loaded = nodeGypBuild(packageRoot);
  } catch (cause) {
    const [reason] = cause instanceof Error ? cause.message.split("\n") : [String(cause)];
    throw new ArgsearchError(
      "ADDON_NOT_FOUND",
      `argsearch has no native addon for ${process.platform}-${process.arch} in ${packageRoot}: ${reason}. Reinstall argsearch, or build it, with git, CMake and a C++17 compiler: cd ${packageRoot} && npm install && npm run build:native`,
      { cause },
    );
  }
  const addon = loaded;
  process.once("exit", () => addon.shutdown());
  return loaded;
}

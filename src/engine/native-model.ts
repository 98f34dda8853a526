/** The addon's models, and what their contexts are made with. */
import type { KvType } from "../types.js";

/**
 * Shared between JavaScript and a running native call; setting it ends loading or prefill early with code ABORTED. On the CPU ggml looks
 * between the nodes of a graph. Other backends never look: there a whole decode is waited for, by closing, too.
 */
export interface NativeCancel {
  cancel(): void;
}

export interface LoadModelOptions {
  path: string;
  /** Layers to keep on the GPU: -1 all, 0 none. */
  gpuLayers: number;
  /** ggml backend name whose devices may be used ("CUDA", …), "" = every GPU there is, "CPU" = none. */
  backend: string;
  /** Names of the devices to use in place of the backend's. */
  devices?: string[];
  /**
   * Tokens that one sequence will hold, as far as the model allows; default: as many as it allows. Long-RoPE models choose their
   * factors by it, so the contexts made later must be on the same side of the model's original length.
   */
  contextSize?: number;
  cancel?: NativeCancel;
}

/** The head of a reward model: what its rewards are called and scaled by. */
export interface HeadInfo {
  /** Names, one an objective; synthesised ("reward", or "0", "1", …) when the file has none. */
  labels: string[];
  /** Reported reward = (raw - shift) / scale, one value a label; 0 and 1 when the file has none. */
  shift: number[];
  /** As many values as `shift`. */
  scale: number[];
}

/** A loaded model, as llama.cpp describes it. */
export interface ModelInfo {
  path: string;
  /** llama.cpp's name: "llama", "qwen3", … */
  architecture: string;
  /** llama.cpp's one-line description, for example "llama 135M Q4_1". */
  description: string;
  /** How many weights there are. */
  parameters: number;
  /** Bytes of the weights. */
  size: number;
  /** Length of a hidden state. */
  nEmbd: number;
  /** Rows of the vocabulary, unused ones among them. */
  nVocab: number;
  /** Layers. */
  nLayer: number;
  /** Context length the model was trained with, tokens. */
  nCtxTrain: number;
  /** It keeps a state, in some layers at least: it cannot be cut, and a branch copies the state. */
  recurrent: boolean;
  /** It has an encoder: it embeds texts, and does not decode. */
  encoder: boolean;
  /** Jinja; null when the file has none. */
  chatTemplate: string | null;
  /** Whether a text begins with the token `bos`. */
  addBos: boolean;
  /** Id of the token that begins a text; -1 without one. */
  bos: number;
  /** Id of the token that ends a text; -1 without one. */
  eos: number;
  /** Texts of the special tokens, "" when absent: chat templates ask for them. */
  bosText: string;
  eosText: string;
  /** Null when the file carries no reward head. */
  head: HeadInfo | null;
  /** Path of the LoRA adapter that is added to the weights; absent without one. */
  adapter?: string;
}

export interface NativeModel {
  readonly info: ModelInfo;
  /**
   * Token ids of a text. parseSpecial: text of control tokens becomes the token itself. Blocks for about a second a megabyte;
   * PROMPT_TOO_LONG for a line that is longer than the tokenizer can go in one piece (about a million characters).
   */
  tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array;
  /** Fewest tokens that a text of this length can become, told without cutting it; 0 where the vocabulary does not tell. */
  leastTokens(text: string): number;
  /** UTF-8 bytes of each token; special: render control tokens as their text, else as nothing. */
  pieces(tokens: Int32Array, special: boolean): Uint8Array[];
  isEog(token: number): boolean;
  /** Those of the tokens that the vocabulary has no row for, or an unused one. */
  lacking(tokens: Int32Array): Int32Array;
  /** Drops this handle's share of the weights; they are freed once no search or scorer uses them. Twice is fine. */
  dispose(): void;
}

export interface ContextOptions {
  /** Most threads of a decode. */
  threads: number;
  /** Most tokens in one llama_decode. */
  batchSize: number;
  /** "auto": f32 for F32 models, f16 otherwise. */
  kvType: KvType;
  /** Default "auto": as llama.cpp has it, and off with an F32 cache, which it would round to F16. */
  flashAttention?: "auto" | "on" | "off";
}

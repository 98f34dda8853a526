/** The addon's readers of whole texts: rewards, hidden states, sentence embeddings. */
import type { ContextOptions, NativeCancel, NativeModel } from "./native-model.js";
import type { NativeRewardKind } from "./native-search.js";

export interface ScorerOptions extends ContextOptions {
  model: NativeModel;
  /** Default "head". */
  kind?: NativeRewardKind;
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
  /**
   * positions x labels, row-major, normalised by shift and scale; empty when the model has no head. Of the kinds of language models one a
   * position: of its token, given those before it; 0 for a text's first.
   */
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

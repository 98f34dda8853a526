/** A decoder in a process of its own, as the two processes see it. */
import type { CacheBytes, SearchCounters } from "../engine/binding.js";
import type { EngineMethods } from "../engine/isolated.js";
import type {
  DetokenizeOptions,
  GenerateOptions,
  GenerateResult,
  Prompt,
  ScoreInput,
  ScoreOptions,
  ScoreResult,
  Step,
  TemplateOptions,
  TokenizeOptions,
} from "../types.js";

/** Its name in the table of src/child.ts. */
export const DECODER = "decoder";

export interface DecoderMethods extends EngineMethods {
  generate(prompt: Prompt, options: GenerateOptions): Promise<GenerateResult>;
  stream(prompt: Prompt, options: GenerateOptions): AsyncGenerator<Step, GenerateResult, undefined>;
  /** stream() that waits for a slot however long it takes, and the same at once. */
  streamWhenFree(prompt: Prompt, options: GenerateOptions): AsyncGenerator<Step, GenerateResult, undefined>;
  generateWhenFree(prompt: Prompt, options: GenerateOptions): Promise<GenerateResult>;
  score(inputs: readonly ScoreInput[], options: ScoreOptions): Promise<ScoreResult[]>;
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]>;
  detokenize(tokens: ArrayLike<number>, options?: DetokenizeOptions): Promise<string>;
  pieces(tokens: ArrayLike<number>): Promise<Uint8Array[]>;
  countTokens(prompt: Prompt, options?: TemplateOptions): Promise<number>;
  render(prompt: Prompt, options?: TemplateOptions): Promise<string>;
  clear(slot: number): Promise<void>;
  cacheBytes(): Promise<CacheBytes>;
  /** The parts of Decoder.inStep(): its tasks run in the parent. */
  stepIn(count: number): void;
  stepOut(count: number): void;
}

/** Comes with every reply. */
export type DecoderState = SearchCounters;

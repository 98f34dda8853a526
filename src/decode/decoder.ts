import type { CacheBytes, EngineInfo, ModelInfo, SearchCounters } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";
import type { GenerateAllOptions, GenerateOptions, GenerateResult, Prompt, ScoreInput, ScoreOptions, ScoreResult, Step } from "../types.js";

/** What a decoder is made of. */
export interface DecoderInfo {
  engine: EngineInfo;
  policy: ModelInfo;
  rewards: ModelInfo[];
  /** Names of the objectives, in the order of the reward terms: labels of reward models, then functions. */
  objectives: readonly string[];
  /** What each objective counts in the sum. */
  weights: readonly number[];
  slots: number;
  contextSize: number;
  /** With which options it was loaded that its numbers depend on. */
  computation: Computation;
}

/**
 * A policy with what guides it, ready to decode. Made by load(). Every method of a disposed decoder throws, or rejects
 * with, DISPOSED. That of an isolated decoder rejects with ENGINE_DIED or ENGINE_NOT_RESPONDING when its process ends in the middle; the
 * next call starts another, with empty caches, and may reject as load() does.
 */
export interface Decoder extends AsyncDisposable {
  readonly info: Readonly<DecoderInfo>;
  /** dispose() has been called. */
  readonly disposed: boolean;

  /**
   * Decodes one response.
   *
   * An AbortSignal that fires between two steps ends it with what there is and finishReason "aborted".
   *
   * @throws ArgsearchError OPTION_INVALID, PROMPT_EMPTY, PROMPT_TOO_LONG, TEMPLATE_INVALID; BUSY when no slot is free;
   * ABORTED when the signal fired before the first step; REWARD_FUNCTION_FAILED, DECODE_FAILED, OUT_OF_MEMORY; DISPOSED
   */
  generate(prompt: Prompt, options?: GenerateOptions): Promise<GenerateResult>;

  /**
   * Decodes one response step by step; the generator returns what generate() resolves to. The last step carries the
   * finishReason, except that an abort between two steps ends the iteration without another step. The slot is taken by the
   * first next() and given back at the end, or when the loop is left; a generator that is neither finished nor returned
   * keeps it.
   *
   * @throws ArgsearchError as generate(), from next()
   */
  stream(prompt: Prompt, options?: GenerateOptions): AsyncGenerator<Step, GenerateResult, undefined>;

  /**
   * Decodes many prompts, as many at a time as there are slots (one, when `slot` is given), waiting for slots that other
   * responses hold. Results come in the order of the prompts; the same seed serves each.
   *
   * One failure does not lose the others: they go on, `onResult` delivers them, and only when all are done does the
   * promise reject with the first failed prompt's error (its index in the message, the error itself as `cause`). A callback
   * that throws ends everything: running responses are stopped, no callback is called again, and the promise rejects with
   * what was thrown.
   *
   * @throws ArgsearchError as generate(), except BUSY
   */
  generateAll(prompts: readonly Prompt[], options?: GenerateAllOptions): Promise<GenerateResult[]>;

  /**
   * Runs tasks that each decode one response after another, in step: every batch holds the next token of each task that is
   * not done, however long one of them is busy otherwise. Their responses then do not depend on timing, which decides who shares
   * a batch with whom, and models that are not F32 round by the shape of a batch. As many tasks as there are slots at most, and
   * nothing else may decode meanwhile.
   *
   * @internal
   */
  inStep<T>(tasks: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]>;

  /**
   * Rewards of given responses, at every token, exactly as decoding would have read them. Function rewards are asked
   * about one token at a time, with a log-probability of NaN.
   *
   * @throws ArgsearchError OPTION_INVALID, INPUT_INVALID for an empty response, PROMPT_EMPTY, PROMPT_TOO_LONG,
   * TEMPLATE_INVALID, ABORTED, REWARD_FUNCTION_FAILED, DECODE_FAILED, OUT_OF_MEMORY, DISPOSED
   */
  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  /** The same for many: they share batches, and the results have their order. */
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;

  /**
   * Empties the cache of an idle slot, so that its next prompt is decoded from the first token, as after load().
   *
   * @throws ArgsearchError OPTION_INVALID, BUSY, DISPOSED
   */
  clear(slot: number): Promise<void>;

  /**
   * What has been decoded since load(); by an isolated decoder, since its present process was started, as of the last reply.
   *
   * @throws ArgsearchError DISPOSED
   */
  counters(): SearchCounters;

  /** Bytes of the KV cells in use, of each model. @throws ArgsearchError DISPOSED */
  cacheBytes(): Promise<CacheBytes>;

  /**
   * Ends everything: running responses reject with DISPOSED at their next step, then the contexts are freed, then the
   * models. Resolves when the memory is free. What an isolated decoder does is ended at once.
   * Twice gives the same promise.
   */
  dispose(): Promise<void>;
}

import type { CacheBytes, EngineInfo, ModelInfo, SearchCounters } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";
import type { RewardInfo } from "../reward/reward-info.js";
import type {
  DecodingSettings,
  DetokenizeOptions,
  GenerateAllOptions,
  GenerateOptions,
  GenerateResult,
  Prompt,
  ResponseStream,
  ScoreInput,
  ScoreOptions,
  ScoreResult,
  TemplateOptions,
  TokenizeOptions,
} from "../types.js";

/** What a decoder is made of. */
export interface DecoderInfo {
  engine: EngineInfo;
  policy: ModelInfo;
  /** Those that are files. */
  rewards: RewardInfo[];
  /** Names of the objectives, in the order of the reward terms: labels of reward models and kinds of token rewards, then functions. */
  objectives: readonly string[];
  /** What each objective counts in the sum. */
  weights: readonly number[];
  slots: number;
  contextSize: number;
  /** The reward models are heads on the policy's trunk, and share its context: see load()'s `shareTrunk`. */
  sharedTrunk: boolean;
  /** With which options it was loaded that its numbers depend on. */
  computation: Computation;
  /** What its responses are decoded by where a call does not say otherwise: load()'s `settings`. */
  settings: Readonly<DecodingSettings>;
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
   * Decodes one response, waiting for a slot as load()'s `queue` says.
   *
   * An AbortSignal that fires between two steps ends it with what there is and finishReason "aborted".
   *
   * @throws ArgsearchError OPTION_INVALID, PROMPT_EMPTY, PROMPT_TOO_LONG, TEMPLATE_INVALID; BUSY when no slot is free, and too many wait or
   * it waited too long; ABORTED when the signal fired before the first step; REWARD_FUNCTION_FAILED, DECODE_FAILED, OUT_OF_MEMORY; DISPOSED
   */
  generate(prompt: Prompt, options?: GenerateOptions): Promise<GenerateResult>;

  /**
   * Decodes one response step by step.
   *
   * @throws ArgsearchError as generate(), from next() and `result`
   */
  stream(prompt: Prompt, options?: GenerateOptions): ResponseStream;

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
  generateAll(prompts: readonly Prompt[], options?: GenerateAllOptions & { n?: undefined }): Promise<GenerateResult[]>;
  /** The same with `n` responses of each prompt: an array of them for each. */
  generateAll(prompts: readonly Prompt[], options: GenerateAllOptions & { n: number }): Promise<GenerateResult[][]>;

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
   * A text's tokens in the policy's vocabulary, as a text of its own: without the token that begins prompts.
   *
   * @throws ArgsearchError OPTION_INVALID, PROMPT_TOO_LONG, DISPOSED
   */
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]>;

  /** The text of these tokens; torn characters as U+FFFD. @throws ArgsearchError OPTION_INVALID, DISPOSED */
  detokenize(tokens: ArrayLike<number>, options?: DetokenizeOptions): Promise<string>;

  /**
   * The UTF-8 bytes of each of these tokens, whose texts may tear a character apart; none of control tokens.
   *
   * @throws ArgsearchError OPTION_INVALID, DISPOSED
   */
  pieces(tokens: ArrayLike<number>): Promise<Uint8Array[]>;

  /**
   * Tokens that the policy reads of this prompt, its template's among them: `usage.promptTokens` of its response. Prompt and response have
   * room for `info.contextSize` together, in every model.
   *
   * @throws ArgsearchError OPTION_INVALID, PROMPT_EMPTY, PROMPT_TOO_LONG, TEMPLATE_INVALID, DISPOSED
   */
  countTokens(prompt: Prompt, options?: TemplateOptions): Promise<number>;

  /** The prompt as the policy's chat template writes it. @throws ArgsearchError OPTION_INVALID, PROMPT_EMPTY, TEMPLATE_INVALID, DISPOSED */
  render(prompt: Prompt, options?: TemplateOptions): Promise<string>;

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

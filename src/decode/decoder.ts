import type { CacheBytes, EngineInfo, ModelInfo, SearchCounters } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { resolveScore } from "../score/options.js";
import { Scorer, type ScorerParts } from "../score/scorer.js";
import type { GenerateAllOptions, GenerateOptions, GenerateResult, Prompt, ScoreInput, ScoreOptions, ScoreResult, Step } from "../types.js";
import { integer, invalid } from "../validate.js";
import { generateAll } from "./generate-all.js";
import { type DecodingParts, runGeneration } from "./generation.js";
import { resolveGenerate, splitCallbacks } from "./options.js";
import { Scheduler } from "./scheduler.js";
import { SlotPool } from "./slots.js";

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

/** What load() hands over; the decoder owns it from then on. */
export interface DecoderParts extends Pick<DecodingParts, "policy" | "rewards" | "search" | "loadMs"> {
  engine: EngineInfo;
  computation: Computation;
  slots: number;
  context: ScorerParts["context"];
}

/**
 * A policy with what guides it, ready to decode. Made by load(). Every method of a disposed decoder throws, or rejects
 * with, DISPOSED.
 */
export class Decoder implements AsyncDisposable {
  readonly info: Readonly<DecoderInfo>;
  readonly #parts: DecodingParts;
  readonly #scorer: Scorer;
  readonly #closing = new AbortController();
  #disposal: Promise<void> | undefined;

  /** @internal Use load(). */
  constructor(parts: DecoderParts) {
    const { engine, computation, policy, rewards, search, loadMs, slots, context } = parts;
    const { contextSize } = context;
    const closing = this.#closing.signal;
    this.#parts = {
      policy,
      rewards,
      search,
      contextSize,
      loadMs,
      closing,
      scheduler: new Scheduler(search),
      slots: new SlotPool(slots),
    };
    this.#scorer = new Scorer({ tokenizer: policy, rewards, context, closing });
    this.info = {
      engine,
      policy: policy.info,
      rewards: rewards.sources.map(({ model }) => model.info),
      objectives: rewards.objectives,
      weights: rewards.weights,
      slots,
      contextSize,
      computation,
    };
  }

  /** dispose() has been called. */
  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  /**
   * Decodes one response.
   *
   * An AbortSignal that fires between two steps ends it with what there is and finishReason "aborted".
   *
   * @throws ArgsearchError OPTION_INVALID, PROMPT_EMPTY, PROMPT_TOO_LONG, TEMPLATE_INVALID; BUSY when no slot is free;
   * ABORTED when the signal fired before the first step; REWARD_FUNCTION_FAILED, DECODE_FAILED, OUT_OF_MEMORY; DISPOSED
   */
  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<GenerateResult> {
    return drain(this.#start(prompt, options, false));
  }

  /**
   * Decodes one response step by step; the generator returns what generate() resolves to. The last step carries the
   * finishReason, except that an abort between two steps ends the iteration without another step. The slot is taken by the
   * first next() and given back at the end, or when the loop is left; a generator that is neither finished nor returned
   * keeps it.
   *
   * @throws ArgsearchError as generate(), from next()
   */
  async *stream(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<Step, GenerateResult, undefined> {
    return yield* this.#start(prompt, options, false);
  }

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
  async generateAll(prompts: readonly Prompt[], options: GenerateAllOptions = {}): Promise<GenerateResult[]> {
    this.#requireOpen();
    if (!Array.isArray(prompts)) throw invalid("prompts", "an array", prompts);
    const { callbacks, each } = splitCallbacks(options);
    const width = each.slot === undefined ? this.#parts.slots.size : 1;
    this.#resolve(each);
    // One clock for all prompts.
    const { date = new Date() } = each;
    const generate = async (prompt: Prompt, signal: AbortSignal) => drain(this.#start(prompt, { ...each, date, signal }, true));
    return generateAll(prompts, { width, signal: each.signal }, generate, callbacks);
  }

  /**
   * Runs tasks that each decode one response after another, in step: every batch holds the next token of each task that is
   * not done, however long one of them is busy otherwise. Their responses then do not depend on timing, which decides who shares
   * a batch with whom, and models that are not F32 round by the shape of a batch. As many tasks as there are slots at most, and
   * nothing else may decode meanwhile.
   *
   * @internal
   */
  async inStep<T>(tasks: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> {
    const { scheduler } = this.#parts;
    scheduler.stepIn(tasks.length);
    return Promise.allSettled(tasks.map((task) => task().finally(() => scheduler.stepOut())));
  }

  /**
   * Rewards of given responses, at every token, exactly as decoding would have read them. Function rewards are asked
   * about one token at a time, with a log-probability of NaN.
   *
   * @throws ArgsearchError OPTION_INVALID, INPUT_INVALID for an empty response, PROMPT_EMPTY, PROMPT_TOO_LONG,
   * TEMPLATE_INVALID, ABORTED, REWARD_FUNCTION_FAILED, DECODE_FAILED, OUT_OF_MEMORY, DISPOSED
   */
  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    this.#requireOpen();
    return this.#scorer.scoreOneOrMany(input, resolveScore(options));
  }

  /**
   * Empties the cache of an idle slot, so that its next prompt is decoded from the first token, as after load().
   *
   * @throws ArgsearchError OPTION_INVALID, BUSY, DISPOSED
   */
  async clear(slot: number): Promise<void> {
    this.#requireOpen();
    const { slots, search } = this.#parts;
    integer("slot", slot, { min: 0, max: slots.size - 1, note: "the slots loaded" });
    slots.acquire(new Int32Array(0), slot);
    try {
      await native(() => search.clear(slot));
    } finally {
      slots.release(slot, []);
    }
  }

  /** What has been decoded since load(). @throws ArgsearchError DISPOSED */
  counters(): SearchCounters {
    this.#requireOpen();
    return native(() => this.#parts.search.counters());
  }

  /** Bytes of the KV cells in use, of each model. @throws ArgsearchError DISPOSED */
  async cacheBytes(): Promise<CacheBytes> {
    this.#requireOpen();
    return native(() => this.#parts.search.cacheBytes());
  }

  /**
   * Ends everything: running responses reject with DISPOSED at their next step, then the contexts are freed, then the
   * models. Resolves when the memory is free. Twice gives the same promise.
   */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  /** dispose(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #dispose(): Promise<void> {
    const error = disposedError();
    const { search, scheduler, slots, policy, rewards } = this.#parts;
    this.#closing.abort(error);
    slots.wake();
    try {
      await scheduler.close(error);
      await native(() => search.dispose());
      await this.#scorer.dispose();
    } finally {
      for (const model of new Set([policy, ...rewards.sources.map((source) => source.model)])) model.dispose();
    }
  }

  #start(prompt: Prompt, options: GenerateOptions, wait: boolean): AsyncGenerator<Step, GenerateResult, undefined> {
    this.#requireOpen();
    return runGeneration(this.#parts, prompt, this.#resolve(options), wait);
  }

  #resolve(options: GenerateOptions): ReturnType<typeof resolveGenerate> {
    const { policy, rewards, slots } = this.#parts;
    return resolveGenerate(options, { vocabulary: policy.info.nVocab, slots: slots.size, rewarded: !rewards.empty });
  }

  #requireOpen(): void {
    if (this.disposed) throw disposedError();
  }
}

function disposedError(): ArgsearchError {
  return new ArgsearchError("DISPOSED", "the decoder has been disposed of: load() another");
}

async function drain(steps: AsyncGenerator<Step, GenerateResult, undefined>): Promise<GenerateResult> {
  for (;;) {
    const next = await steps.next();
    if (next.done) return next.value;
  }
}

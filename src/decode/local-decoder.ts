import type { CacheBytes, EngineInfo, SearchCounters } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";
import { native } from "../engine/native.js";
import { resolveScore } from "../score/options.js";
import { Scorer, type ScorerParts } from "../score/scorer.js";
import type {
  DecodingSettings,
  GenerateAllOptions,
  GenerateOptions,
  GenerateResult,
  Prompt,
  ScoreInput,
  ScoreOptions,
  ScoreResult,
  Step,
} from "../types.js";
import { integer } from "../validate.js";
import type { Decoder, DecoderInfo } from "./decoder.js";
import { disposedError } from "./disposed.js";
import { generateAll, requirePrompts } from "./generate-all.js";
import { type DecodingParts, runGeneration } from "./generation.js";
import { resolveGenerate, splitCallbacks } from "./options.js";
import { Scheduler } from "./scheduler.js";
import { withSettings } from "./settings.js";
import { SlotPool } from "./slots.js";

/** What load() hands over; the decoder owns it from then on. */
export interface DecoderParts extends Pick<DecodingParts, "policy" | "rewards" | "search" | "loadMs"> {
  engine: EngineInfo;
  computation: Computation;
  slots: number;
  context: ScorerParts["context"];
  /** Defaults of every response. */
  settings: DecodingSettings;
}

/** One in this process. */
export class LocalDecoder implements Decoder {
  readonly info: Readonly<DecoderInfo>;
  readonly #parts: DecodingParts;
  readonly #settings: DecodingSettings;
  readonly #scorer: Scorer;
  readonly #closing = new AbortController();
  #disposal: Promise<void> | undefined;

  constructor(parts: DecoderParts) {
    const { engine, computation, policy, rewards, search, loadMs, slots, context, settings } = parts;
    this.#settings = settings;
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

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<GenerateResult> {
    return drain(this.#start(prompt, options, false));
  }

  async *stream(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<Step, GenerateResult, undefined> {
    return yield* this.#start(prompt, options, false);
  }

  async generateAll(prompts: readonly Prompt[], options: GenerateAllOptions = {}): Promise<GenerateResult[]> {
    this.#requireOpen();
    requirePrompts(prompts);
    const { callbacks, each } = splitCallbacks(options);
    const width = each.slot === undefined ? this.#parts.slots.size : 1;
    this.#resolve(each);
    // One clock for all prompts.
    const { date = new Date() } = each;
    const generate = (prompt: Prompt, signal: AbortSignal) => this.generateWhenFree(prompt, { ...each, date, signal });
    return generateAll(prompts, { width, signal: each.signal }, generate, callbacks);
  }

  /** generate() that waits for a slot. */
  async generateWhenFree(prompt: Prompt, options: GenerateOptions): Promise<GenerateResult> {
    return drain(this.#start(prompt, options, true));
  }

  async inStep<T>(tasks: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> {
    this.stepIn(tasks.length);
    return Promise.allSettled(tasks.map((task) => task().finally(() => this.stepOut())));
  }

  /** The parts of inStep(), for tasks that run elsewhere. */
  stepIn(count: number): void {
    this.#parts.scheduler.stepIn(count);
  }

  stepOut(count = 1): void {
    this.#parts.scheduler.stepOut(count);
  }

  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    this.#requireOpen();
    return this.#scorer.scoreOneOrMany(input, resolveScore(options));
  }

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

  counters(): SearchCounters {
    this.#requireOpen();
    return native(() => this.#parts.search.counters());
  }

  async cacheBytes(): Promise<CacheBytes> {
    this.#requireOpen();
    return native(() => this.#parts.search.cacheBytes());
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

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
    const { policy, rewards, slots, contextSize } = this.#parts;
    return resolveGenerate(withSettings(this.#settings, options), {
      vocabulary: policy.info.nVocab,
      slots: slots.size,
      contextSize,
      rewarded: !rewards.empty,
    });
  }

  #requireOpen(): void {
    if (this.disposed) throw disposedError();
  }
}

async function drain(steps: AsyncGenerator<Step, GenerateResult, undefined>): Promise<GenerateResult> {
  for (;;) {
    const next = await steps.next();
    if (next.done) return next.value;
  }
}

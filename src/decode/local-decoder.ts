import { eitherOf } from "../engine/abort.js";
import type { CacheBytes, EngineInfo, SearchCounters, SequenceScore } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";
import { native } from "../engine/native.js";
import { templateOf } from "../model/template-options.js";
import type { Judges } from "../reward/ask/judges.js";
import { resolveScore } from "../score/options.js";
import type { ScorerParts } from "../score/rows.js";
import { Scorer } from "../score/scorer.js";
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
  Step,
  TemplateOptions,
  TokenizeOptions,
} from "../types.js";
import { integer } from "../validate.js";
import type { Decoder, DecoderInfo } from "./decoder.js";
import { disposedError } from "./disposed.js";
import { generateAll, type OwnOptions, requirePrompts } from "./generate-all.js";
import { type DecodingParts, runGeneration } from "./generation.js";
import { resolveGenerate, splitCallbacks } from "./options.js";
import { countTokens, detokenize, pieces, render, tokenize } from "./policy-texts.js";
import { DecodingStream, drain, telling } from "./response-stream.js";
import { PREFILL_PART, Scheduler } from "./scheduler.js";
import { withSettings } from "./settings.js";
import { type Patience, SlotQueue } from "./slot-queue.js";
import { SlotPool } from "./slots.js";

/** What load() hands over; the decoder owns it from then on. */
export interface DecoderParts extends Pick<DecodingParts, "policy" | "rewards" | "search" | "loadMs"> {
  engine: EngineInfo;
  computation: Computation;
  slots: number;
  sharedTrunk: boolean;
  /** The models that questions are put to. */
  judges: Judges;
  /** How long a response waits for a slot. */
  patience: Patience | false;
  context: ScorerParts["context"];
  /** Milliseconds that a step waits for responses whose readers are on their way here. */
  linger: number;
  /** Defaults of every response. */
  settings: DecodingSettings;
}

/** generateAll() bounds itself: no more of its responses are under way, or in the line, than there are slots. */
const ALWAYS: Patience = { max: Number.POSITIVE_INFINITY, timeout: undefined };

/** On a GPU a whole batch costs little more than a part of one. */
function idlePart({ devices, gpuLayers, batchSize }: Computation): number {
  const onGpu = gpuLayers !== 0 && devices.some(([backend]) => backend !== "CPU");
  return onGpu ? Math.max(PREFILL_PART, batchSize) : PREFILL_PART;
}

/** One in this process. */
export class LocalDecoder implements Decoder {
  readonly info: Readonly<DecoderInfo>;
  readonly #parts: DecodingParts;
  readonly #settings: DecodingSettings;
  readonly #patience: Patience | false;
  readonly #scorer: Scorer;
  readonly #judges: Judges;
  readonly #closing = new AbortController();
  #disposal: Promise<void> | undefined;

  constructor(parts: DecoderParts) {
    const { engine, computation, policy, rewards, search, loadMs, slots, patience, context, linger, settings, sharedTrunk } = parts;
    this.#judges = parts.judges;
    this.#settings = settings;
    this.#patience = patience;
    const { contextSize } = context;
    const closing = this.#closing.signal;
    this.#parts = {
      policy,
      rewards,
      search,
      contextSize,
      loadMs,
      closing,
      scheduler: new Scheduler(search, {
        linger,
        idlePart: idlePart(computation),
        recurrent: [policy, ...rewards.readers].map(({ info }) => info.recurrent),
        leavesLast: [true, ...rewards.languageModels],
      }),
      slots: new SlotQueue(new SlotPool(slots)),
    };
    this.#scorer = new Scorer({ tokenizer: policy, format: policy.format, rewards, context, closing });
    this.info = {
      engine,
      policy: policy.info,
      rewards: rewards.infos,
      objectives: rewards.objectives,
      weights: rewards.weights,
      slots,
      contextSize,
      sharedTrunk,
      computation,
      settings,
    };
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<GenerateResult> {
    return drain(this.#steps(prompt, options, this.#patience));
  }

  stream(prompt: Prompt, options: GenerateOptions = {}): ResponseStream {
    return new DecodingStream((stop) => this.#steps(prompt, options, this.#patience, stop));
  }

  generateAll(prompts: readonly Prompt[], options?: GenerateAllOptions & { n?: undefined }): Promise<GenerateResult[]>;
  generateAll(prompts: readonly Prompt[], options: GenerateAllOptions & { n: number }): Promise<GenerateResult[][]>;
  async generateAll(prompts: readonly Prompt[], options: GenerateAllOptions = {}): Promise<GenerateResult[] | GenerateResult[][]> {
    this.#requireOpen();
    requirePrompts(prompts);
    const { callbacks, n, each } = splitCallbacks(options);
    const width = each.slot === undefined ? this.#parts.slots.size : 1;
    this.#resolve(each);
    // One clock for all prompts.
    const { date = new Date(), seed, signal } = each;
    const generate = (prompt: Prompt, own: OwnOptions) => drain(this.#steps(prompt, { ...each, date, ...own }, ALWAYS));
    const results = await generateAll(prompts, { width, n, seed, signal }, generate, callbacks);
    return n === undefined ? results.flat() : results;
  }

  /** What stream() is made of, ended by nothing but the signal of the options; `always`: it waits for a slot however long it takes. */
  steps(prompt: Prompt, options: GenerateOptions, always = false): AsyncGenerator<Step, GenerateResult, undefined> {
    return this.#steps(prompt, options, always ? ALWAYS : this.#patience);
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

  /**
   * What the only reward model made of each prefix of a response that this decoder gave to the prompt: the hidden state at the prompt's end and
   * behind every token but the last, and the reward there.
   */
  async prefixStates(prompt: Prompt, tokens: ArrayLike<number>, options: TemplateOptions, signal?: AbortSignal): Promise<SequenceScore> {
    this.#requireOpen();
    const [source, ...others] = this.#parts.rewards.sources;
    if (source === undefined || others.length > 0) throw new Error("prefixes are read by one reward model");
    const before = source.model.promptTokens(prompt, templateOf(options));
    const sequence = Int32Array.from([...before, ...Array.from(tokens).slice(0, -1)]);
    const positions = Int32Array.from({ length: tokens.length }, (_, step) => before.length - 1 + step);
    const [states] = await this.#scorer.states(source.model, [{ tokens: sequence, positions }], signal);
    if (states === undefined) throw new Error("one sequence must give one result");
    return states;
  }

  /** The policy ends a response with this token. */
  isEnd(token: number): boolean {
    return this.#parts.policy.isEog(token);
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<number[]> {
    this.#requireOpen();
    return tokenize(this.#parts.policy, text, options);
  }

  async detokenize(tokens: ArrayLike<number>, options?: DetokenizeOptions): Promise<string> {
    this.#requireOpen();
    return detokenize(this.#parts.policy, tokens, options);
  }

  async pieces(tokens: ArrayLike<number>): Promise<Uint8Array[]> {
    this.#requireOpen();
    return pieces(this.#parts.policy, tokens);
  }

  async countTokens(prompt: Prompt, options?: TemplateOptions): Promise<number> {
    this.#requireOpen();
    return countTokens(this.#parts.policy, prompt, options);
  }

  async render(prompt: Prompt, options?: TemplateOptions): Promise<string> {
    this.#requireOpen();
    return render(this.#parts.policy, prompt, options);
  }

  async clear(slot: number): Promise<void> {
    this.#requireOpen();
    const { slots, search } = this.#parts;
    integer("slot", slot, { min: 0, max: slots.size - 1, note: "the slots loaded" });
    slots.takeIdle(slot);
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
    const { search, scheduler, policy, rewards } = this.#parts;
    this.#closing.abort(error);
    try {
      await scheduler.close(error);
      await native(() => search.dispose());
      await this.#scorer.dispose();
      await this.#judges.dispose();
    } finally {
      for (const model of new Set([policy, ...rewards.readers, ...this.#judges.models])) model.dispose();
    }
  }

  async *#steps(
    prompt: Prompt,
    options: GenerateOptions,
    patience: Patience | false,
    stop?: AbortSignal,
  ): AsyncGenerator<Step, GenerateResult, undefined> {
    this.#requireOpen();
    const resolved = this.#resolve(options);
    const { signal, forget } = eitherOf([resolved.signal, stop]);
    try {
      const steps = runGeneration(this.#parts, prompt, { ...resolved, signal }, patience);
      return yield* resolved.onStep ? telling(steps, resolved.onStep) : steps;
    } finally {
      forget();
    }
  }

  #resolve(options: GenerateOptions): ReturnType<typeof resolveGenerate> {
    const { policy, rewards, slots, contextSize } = this.#parts;
    return resolveGenerate(withSettings(this.#settings, options), {
      vocabulary: policy.info.nVocab,
      slots: slots.size,
      contextSize,
      rewarded: !rewards.empty,
      functions: rewards.functions.length > 0,
      rewardsEndings: rewards.functions.some(({ reward }) => reward.ending === "reward"),
    });
  }

  #requireOpen(): void {
    if (this.disposed) throw disposedError();
  }
}

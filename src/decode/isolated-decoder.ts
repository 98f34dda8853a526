/** A decoder whose engine runs in a process of its own. What needs no engine is done here: checks, callbacks, reward functions. */
import { eitherOf, throwIfAborted } from "../engine/abort.js";
import type { CacheBytes, SearchCounters } from "../engine/binding.js";
import { type CallOptions, IsolatedEngine } from "../engine/isolated.js";
import type { ResolvedIsolation } from "../isolate/options.js";
import { ChatFormat } from "../model/chat.js";
import { checkPrompt } from "../model/check-prompt.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import { answerWith, specsOf, withoutFunctions } from "../reward/remote-functions.js";
import type { CallContext } from "../reward/whole.js";
import { scoreRemotely } from "../score/score-remotely.js";
import type {
  DecodingSettings,
  DetokenizeOptions,
  GenerateAllOptions,
  GenerateOptions,
  GenerateResult,
  LoadOptions,
  Prompt,
  ResponseStream,
  RewardAt,
  RewardFunction,
  ScoreInput,
  ScoreOptions,
  ScoreResult,
  Step,
  TemplateOptions,
  TokenizeOptions,
} from "../types.js";
import { integer } from "../validate.js";
import type { Decoder, DecoderInfo } from "./decoder.js";
import { DECODER, type DecoderMethods, type DecoderState } from "./decoder-wire.js";
import { disposedError } from "./disposed.js";
import { generateAll, type OwnOptions, requirePrompts } from "./generate-all.js";
import type { ResolvedLoad } from "./load-options.js";
import { limitsOf, resolveGenerate, splitCallbacks } from "./options.js";
import { DecodingStream, drain, telling } from "./response-stream.js";
import { withSettings } from "./settings.js";
import { settingsFor } from "./settings-file.js";

/** What of a call stays in this process. */
type Prepared = Pick<GenerateOptions, "signal" | "onStep" | "rewardAt"> & { template: ResolvedTemplate; rewardAt: RewardAt | undefined };

type Engine = IsolatedEngine<DecoderMethods, DecoderInfo, DecoderState>;

/** @throws ArgsearchError as load() */
export async function loadIsolated(options: LoadOptions, resolved: ResolvedLoad, isolation: ResolvedIsolation): Promise<Decoder> {
  const { signal, onProgress } = resolved;
  const { signal: _signal, onProgress: _onProgress, isolate: _isolate, settings: _settings, ...data } = options;
  const settings = await settingsFor(resolved);
  const { reward, functions } = withoutFunctions(specsOf(data.reward, resolved.terms));
  const request = { object: DECODER, options: { ...data, reward }, isolation };
  return new IsolatedDecoder(await IsolatedEngine.open(request, { signal, onProgress }), functions, settings);
}

/** Its methods await what they return: a decoder that nobody else holds lives as long as its calls. */
class IsolatedDecoder implements Decoder {
  readonly #engine: Engine;
  readonly #functions: readonly RewardFunction[];
  readonly #settings: DecodingSettings;
  /** Tasks that decode in step. */
  readonly #inStep = { count: 0 };
  readonly #closing = new AbortController();
  #format: ChatFormat | undefined;
  #disposal: Promise<void> | undefined;

  constructor(engine: Engine, functions: readonly RewardFunction[], settings: DecodingSettings) {
    this.#engine = engine;
    this.#functions = functions;
    this.#settings = settings;
    const inStep = this.#inStep;
    engine.onReopened = (session) => {
      if (inStep.count > 0) session.call("stepIn", [inStep.count]).result.catch(() => {});
    };
    engine.endWith(this);
  }

  get info(): Readonly<DecoderInfo> {
    return { ...this.#engine.info, settings: this.#settings };
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<GenerateResult> {
    if (options?.onStep) return await drain(this.#steps("stream", prompt, options));
    const { data, ...rest } = this.#prepare(prompt, options);
    return await this.#engine.call("generate", [prompt, data], this.#callWith(rest));
  }

  stream(prompt: Prompt, options: GenerateOptions = {}): ResponseStream {
    return new DecodingStream((stop) => this.#steps("stream", prompt, options, stop));
  }

  generateAll(prompts: readonly Prompt[], options?: GenerateAllOptions & { n?: undefined }): Promise<GenerateResult[]>;
  generateAll(prompts: readonly Prompt[], options: GenerateAllOptions & { n: number }): Promise<GenerateResult[][]>;
  async generateAll(prompts: readonly Prompt[], options: GenerateAllOptions = {}): Promise<GenerateResult[] | GenerateResult[][]> {
    this.#requireOpen();
    requirePrompts(prompts);
    const { callbacks, n, each } = splitCallbacks(options);
    this.#resolve(each);
    const { date = new Date(), seed, signal } = each;
    const generate = async (prompt: Prompt, own: OwnOptions): Promise<GenerateResult> => {
      const options = { ...each, date, ...own };
      if (own.onStep) return drain(this.#steps("streamWhenFree", prompt, options));
      const { data, ...rest } = this.#prepare(prompt, options);
      return this.#engine.call("generateWhenFree", [prompt, data], this.#callWith(rest));
    };
    const width = each.slot === undefined ? this.info.slots : 1;
    const results = await generateAll(prompts, { width, n, seed, signal }, generate, callbacks);
    return n === undefined ? results.flat() : results;
  }

  async inStep<T>(tasks: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> {
    await this.#step("stepIn", tasks.length);
    return Promise.allSettled(tasks.map((task) => task().finally(() => this.#step("stepOut", 1))));
  }

  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    this.#requireOpen();
    return await scoreRemotely(this.#engine, this.#functions, input, options, (resolved) => this.#callOf(resolved));
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<number[]> {
    this.#requireOpen();
    return await this.#engine.call("tokenize", [text, options]);
  }

  async detokenize(tokens: ArrayLike<number>, options?: DetokenizeOptions): Promise<string> {
    this.#requireOpen();
    return await this.#engine.call("detokenize", [tokens, options]);
  }

  async pieces(tokens: ArrayLike<number>): Promise<Uint8Array[]> {
    this.#requireOpen();
    return await this.#engine.call("pieces", [tokens]);
  }

  async countTokens(prompt: Prompt, options?: TemplateOptions): Promise<number> {
    this.#requireOpen();
    checkPrompt(prompt);
    return await this.#engine.call("countTokens", [prompt, options]);
  }

  async render(prompt: Prompt, options?: TemplateOptions): Promise<string> {
    this.#requireOpen();
    checkPrompt(prompt);
    return await this.#engine.call("render", [prompt, options]);
  }

  async clear(slot: number): Promise<void> {
    this.#requireOpen();
    integer("slot", slot, { min: 0, max: this.info.slots - 1, note: "the slots loaded" });
    return await this.#engine.call("clear", [slot]);
  }

  counters(): SearchCounters {
    this.#requireOpen();
    return this.#engine.state;
  }

  async cacheBytes(): Promise<CacheBytes> {
    this.#requireOpen();
    return await this.#engine.call("cacheBytes", []);
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #dispose(): Promise<void> {
    const error = disposedError();
    this.#closing.abort(error);
    return this.#engine.dispose(error);
  }

  async *#steps(
    method: "stream" | "streamWhenFree",
    prompt: Prompt,
    options: GenerateOptions,
    stop?: AbortSignal,
  ): AsyncGenerator<Step, GenerateResult, undefined> {
    const { data, signal, onStep, ...rest } = this.#prepare(prompt, options);
    const { signal: either, forget } = eitherOf([signal, stop]);
    try {
      const steps = this.#engine.iterate<Step, GenerateResult>(method, [prompt, data], this.#callWith({ ...rest, signal: either }));
      return yield* onStep ? telling(steps, onStep) : steps;
    } finally {
      forget();
    }
  }

  /** Checks what a response is decoded by. What is sent is data, what stays is called from there. */
  #prepare(prompt: Prompt, options: GenerateOptions): { data: GenerateOptions } & Prepared {
    this.#requireOpen();
    const { signal, onStep, template, rewardAt } = this.#resolve(options);
    throwIfAborted(signal);
    checkPrompt(prompt);
    const { signal: _signal, onStep: _onStep, ...data } = withSettings(this.#settings, options);
    return { data, signal, onStep, template, rewardAt };
  }

  #callWith({ signal, ...rest }: Omit<Prepared, "onStep">): CallOptions {
    return { signal, answer: answerWith(this.#functions, signal, this.#callOf(rest)) };
  }

  /** What servers' rewards are told, which are asked from here. */
  #callOf({ template, rewardAt }: Pick<Prepared, "template" | "rewardAt">): CallContext {
    this.#format ??= new ChatFormat(this.info.policy);
    return { format: this.#format, template, rewardAt, closing: this.#closing.signal };
  }

  #resolve(options: GenerateOptions): ReturnType<typeof resolveGenerate> {
    return resolveGenerate(withSettings(this.#settings, options), limitsOf(this.info));
  }

  /** A child that dies meanwhile has forgotten it; the next one is told how many there are. */
  async #step(method: "stepIn" | "stepOut", count: number): Promise<void> {
    this.#inStep.count += method === "stepIn" ? count : -count;
    if (this.#engine.lives) await this.#engine.call(method, [count]).catch(() => {});
  }

  #requireOpen(): void {
    if (this.disposed) throw disposedError();
  }
}

/** A decoder whose policy a server runs. Reward models beside it run here. */
import { eitherOf, throwIfAborted } from "../engine/abort.js";
import type { CacheBytes, SearchCounters } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import { TEMPLATE, templateOf } from "../model/template-options.js";
import { resolveScore } from "../score/options.js";
import type { RewardModel } from "../score/reward-model.js";
import type {
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
} from "../types.js";
import { checkNames } from "../validate.js";
import type { Decoder, DecoderInfo } from "./decoder.js";
import { disposedError } from "./disposed.js";
import { generateAll, type OwnOptions, requirePrompts } from "./generate-all.js";
import { splitCallbacks } from "./options.js";
import { type RemoteParts, runRemoteGeneration } from "./remote-generation.js";
import { type RemoteGenerate, resolveRemoteGenerate } from "./remote-options.js";
import { DecodingStream, drain, telling } from "./response-stream.js";
import { withSettings } from "./settings.js";

export interface RemoteDecoderParts extends Omit<RemoteParts, "closing"> {
  info: DecoderInfo;
  /** Those of the rewards that are files. */
  models: RewardModel | undefined;
  /** A reward function has an opinion about when to end. */
  rewardsEndings: boolean;
  closing: AbortController;
}

const MOST = 2 ** 31 - 1;

export class RemoteDecoder implements Decoder {
  readonly info: Readonly<DecoderInfo>;
  readonly #parts: RemoteDecoderParts;
  readonly #running: RemoteParts;
  #disposal: Promise<void> | undefined;

  constructor(parts: RemoteDecoderParts) {
    this.info = parts.info;
    this.#parts = parts;
    this.#running = { ...parts, closing: parts.closing.signal };
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<GenerateResult> {
    return drain(this.#steps(prompt, options));
  }

  stream(prompt: Prompt, options: GenerateOptions = {}): ResponseStream {
    return new DecodingStream((stop) => this.#steps(prompt, options, stop));
  }

  generateAll(prompts: readonly Prompt[], options?: GenerateAllOptions & { n?: undefined }): Promise<GenerateResult[]>;
  generateAll(prompts: readonly Prompt[], options: GenerateAllOptions & { n: number }): Promise<GenerateResult[][]>;
  async generateAll(prompts: readonly Prompt[], options: GenerateAllOptions = {}): Promise<GenerateResult[] | GenerateResult[][]> {
    this.#requireOpen();
    requirePrompts(prompts);
    const { callbacks, n, each } = splitCallbacks(options);
    this.#resolve(each);
    const { date = new Date(), seed, signal } = each;
    const generate = (prompt: Prompt, own: OwnOptions) => drain(this.#steps(prompt, { ...each, date, ...own }));
    const results = await generateAll(prompts, { width: this.info.slots, n, seed, signal }, generate, callbacks);
    return n === undefined ? results.flat() : results;
  }

  async inStep<T>(tasks: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> {
    return Promise.allSettled(tasks.map((task) => task()));
  }

  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    this.#requireOpen();
    const resolved = resolveScore(options);
    throwIfAborted(resolved.signal);
    const { scorer } = this.#parts;
    if (scorer.sums.empty) throw new ArgsearchError("OPTION_INVALID", "score() needs a reward: load() one", { option: "reward" });
    if (Array.isArray(input)) return scorer.score(input as readonly ScoreInput[], resolved);
    const [result] = await scorer.score([input as ScoreInput], resolved);
    if (result === undefined) throw new Error("one input must give one result");
    return result;
  }

  async render(prompt: Prompt, options: TemplateOptions = {}): Promise<string> {
    this.#requireOpen();
    checkNames("render()", options, TEMPLATE);
    return this.#parts.texts.format.render(prompt, templateOf(options)).text;
  }

  async tokenize(): Promise<number[]> {
    return this.#cannot("tokenize()");
  }

  async detokenize(): Promise<string> {
    return this.#cannot("detokenize()");
  }

  async pieces(): Promise<Uint8Array[]> {
    return this.#cannot("pieces()");
  }

  async countTokens(): Promise<number> {
    return this.#cannot("countTokens()");
  }

  async clear(): Promise<void> {
    return this.#cannot("clear()");
  }

  counters(): SearchCounters {
    return this.#cannot("counters()");
  }

  async cacheBytes(): Promise<CacheBytes> {
    return this.#cannot("cacheBytes()");
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #dispose(): Promise<void> {
    this.#parts.closing.abort(disposedError());
    await this.#parts.models?.dispose();
  }

  async *#steps(prompt: Prompt, options: GenerateOptions, stop?: AbortSignal): AsyncGenerator<Step, GenerateResult, undefined> {
    this.#requireOpen();
    const resolved = this.#resolve(options);
    const { signal, forget } = eitherOf([resolved.signal, stop]);
    try {
      const steps = runRemoteGeneration(this.#running, prompt, { ...resolved, signal });
      return yield* resolved.onStep ? telling(steps, resolved.onStep) : steps;
    } finally {
      forget();
    }
  }

  #resolve(options: GenerateOptions): RemoteGenerate {
    const { info, rewardsEndings } = this.#parts;
    const rewarded = info.objectives.length > 0;
    const limits = { vocabulary: MOST, contextSize: MOST, slots: info.slots, rewarded, rewardsEndings };
    return resolveRemoteGenerate(withSettings(info.settings, options), limits);
  }

  #cannot(what: string): never {
    this.#requireOpen();
    throw new ArgsearchError(
      "REMOTE_UNSUPPORTED",
      `${what} needs the policy's tokens or caches, and ${this.info.policy.path} gives texts alone: load a policy's file`,
      {
        option: "policy",
      },
    );
  }

  #requireOpen(): void {
    if (this.disposed) throw disposedError();
  }
}

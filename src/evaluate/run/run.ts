/** Decodes what an evaluation still lacks: method by method, slots side by side. */
import { ArgsearchError, type ErrorCode } from "../../errors.js";
import { isOf } from "../../files/shard.js";
import type { Prompt } from "../../types.js";
import { isGuided } from "../methods.js";
import type { ResolvedEvaluation, Variant } from "../options.js";
import { type EvaluationProgress, TimeLeft } from "../progress.js";
import type { FailedResponse } from "../response.js";
import { respond } from "./respond.js";
import { type Session, Sessions } from "./session.js";
import type { ResponseStore } from "./store.js";

/** What is wrong with one prompt alone. */
const OF_THE_PROMPT: readonly ErrorCode[] = ["PROMPT_TOO_LONG", "PROMPT_EMPTY", "TEMPLATE_INVALID", "INPUT_INVALID"];

/** An isolated engine's process is gone: the next response gets another. */
const OF_THE_ENGINE: readonly ErrorCode[] = ["ENGINE_DIED", "ENGINE_NOT_RESPONDING"];

/** Groups in a row that may lose their engine: where nothing gets through, going on is of no use. */
const MOST_DEATHS = 2;

export interface RunRequest {
  resolved: ResolvedEvaluation;
  prompts: readonly Prompt[];
  store: ResponseStore;
  signal: AbortSignal | undefined;
  onProgress: (progress: EvaluationProgress) => void;
}

export interface RunResult {
  /** Prompts that could not be answered. */
  failures: FailedResponse[];
  /** Names of the variants that got a new response. */
  decoded: Set<string>;
}

/** A prompt with its place in the data. */
type Numbered = readonly [index: number, prompt: Prompt];

/**
 * Every variant's response to every prompt that the store does not have. Prompts that cannot be answered are returned, and
 * tried again by the next run; so are those that an isolated engine died over, unless it died over the group before as well. Any other
 * failure ends the run, with what was decoded kept.
 *
 * @throws ArgsearchError as load() and generate(); ABORTED
 */
export async function decodeMissing(request: RunRequest): Promise<RunResult> {
  const { resolved, prompts, store, signal } = request;
  const run = new Run(request);
  const sessions = new Sessions();
  try {
    for (const variant of bySession(resolved.variants)) {
      const groups = groupsOf(prompts, resolved).filter((group) => group.some(([at]) => !store.has(variant.name, at)));
      if (groups.length === 0) continue;
      const session = await sessions.use({ ...resolved, pair: variant.pair, guided: isGuided(variant.method), signal });
      for (const group of groups) await run.answer(session, variant, group);
    }
  } finally {
    await sessions.close();
  }
  return { failures: run.failures.sort((a, b) => a.index - b.index), decoded: run.decoded };
}

/** Variants that share a session follow each other: models are loaded once. */
function bySession(variants: readonly Variant[]): Variant[] {
  const pairs = [...new Set(variants.map(({ pair }) => pair))];
  return pairs.flatMap((pair) => {
    const own = variants.filter((variant) => variant.pair === pair);
    return [...own.filter(({ method }) => !isGuided(method)), ...own.filter(({ method }) => isGuided(method))];
  });
}

/** As many prompts as there are slots, the next, …; those of the shard. */
function groupsOf(prompts: readonly Prompt[], { slots, shard }: Pick<ResolvedEvaluation, "slots" | "shard">): Numbered[][] {
  const numbered: Numbered[] = [...prompts.entries()];
  const groups = Array.from({ length: Math.ceil(prompts.length / slots) }, (_, at) => numbered.slice(at * slots, (at + 1) * slots));
  return groups.filter((_, at) => isOf(shard, at));
}

/** What the responses of a group share. */
interface Group {
  session: Session;
  /** Empties its slots, once. */
  empty: () => Promise<void>;
}

async function emptySlots({ decoder }: Session): Promise<void> {
  for (let slot = 0; slot < decoder.info.slots; slot++) await decoder.clear(slot);
}

class Run {
  readonly failures: FailedResponse[] = [];
  readonly decoded = new Set<string>();
  readonly #request: RunRequest;
  readonly #time = new TimeLeft();
  readonly #total: number;
  #done = 0;
  /** Groups in a row in which the engine died. */
  #deaths = 0;

  constructor(request: RunRequest) {
    this.#request = request;
    const { resolved, prompts, store } = request;
    const own = groupsOf(prompts, resolved).flat();
    this.#total = resolved.variants.length * own.length;
    for (const { name, method } of resolved.variants) {
      const left = own.filter(([index]) => !store.has(name, index)).length;
      this.#done += own.length - left;
      this.#time.expect(name, method, left);
    }
  }

  /**
   * Decodes a group in step, each prompt in a slot of its own. Of a group that an interrupted run left unfinished everything is
   * decoded, and what is missing kept: who shares a batch with whom is then the same in every run. All slots are emptied first: quantised
   * models round by the shape of the batches that filled a cache, which slots share, and a resumed run fills them in another way.
   */
  async answer(session: Session, variant: Variant, group: readonly Numbered[]): Promise<void> {
    this.#report(variant.name);
    const failuresBefore = this.failures.length;
    let emptied: Promise<void> | undefined;
    // By the first of the tasks, so that an engine that has died is opened again within them.
    const empty = (): Promise<void> => {
      emptied ??= emptySlots(session);
      return emptied;
    };
    let failed = false;
    const tasks = group.map(([index, prompt], slot) => async () => {
      try {
        if (!failed) await this.#one({ session, empty }, variant, slot, index, prompt);
      } catch (error) {
        failed = true;
        throw error;
      }
    });
    for (const outcome of await session.decoder.inStep(tasks)) if (outcome.status === "rejected") throw outcome.reason;
    this.#countDeath(this.failures.slice(failuresBefore));
  }

  /** @throws ArgsearchError ENGINE_DIED, ENGINE_NOT_RESPONDING */
  #countDeath(failures: readonly FailedResponse[]): void {
    const death = failures.find(({ code }) => OF_THE_ENGINE.includes(code));
    this.#deaths = death === undefined ? 0 : this.#deaths + 1;
    if (death === undefined || this.#deaths < MOST_DEATHS) return;
    const message = `${death.message}. That happened over ${MOST_DEATHS} groups of prompts in a row: the same call goes on from here`;
    throw new ArgsearchError(death.code, message);
  }

  async #one({ session, empty }: Group, variant: Variant, slot: number, index: number, prompt: Prompt): Promise<void> {
    const { resolved, store, signal } = this.#request;
    if (signal?.aborted) throw new ArgsearchError("ABORTED", "the evaluation was interrupted", { cause: signal.reason });
    const missing = !store.has(variant.name, index);
    const started = performance.now();
    try {
      await empty();
      const response = await respond(session, { variant, index, prompt, slot }, { ...resolved, signal });
      if (response.finishReason === "aborted") throw new ArgsearchError("ABORTED", "the evaluation was interrupted");
      if (missing) {
        await store.add(response);
        this.decoded.add(variant.name);
      }
    } catch (error) {
      if (!(error instanceof ArgsearchError) || ![...OF_THE_PROMPT, ...OF_THE_ENGINE].includes(error.code)) throw error;
      this.failures.push({ method: variant.name, index, code: error.code, message: error.message });
    }
    if (!missing) return;
    this.#done += 1;
    this.#time.add(variant.name, (performance.now() - started) / resolved.slots);
    this.#report(variant.name);
  }

  #report(stage: string): void {
    this.#request.onProgress({ stage, done: this.#done, total: this.#total, secondsLeft: this.#time.seconds });
  }
}

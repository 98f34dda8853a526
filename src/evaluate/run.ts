/** Decodes what an evaluation still lacks: method by method, slots side by side. */
import { ArgsearchError, type ErrorCode } from "../errors.js";
import type { Prompt } from "../types.js";
import { isGuided } from "./methods.js";
import type { ResolvedEvaluation, Variant } from "./options.js";
import { type EvaluationProgress, TimeLeft } from "./progress.js";
import { respond } from "./respond.js";
import type { FailedResponse } from "./response.js";
import { type Session, Sessions } from "./session.js";
import type { ResponseStore } from "./store.js";

/** What is wrong with one prompt alone. */
const OF_THE_PROMPT: readonly ErrorCode[] = ["PROMPT_TOO_LONG", "PROMPT_EMPTY", "TEMPLATE_INVALID", "INPUT_INVALID"];

export interface RunRequest {
  resolved: ResolvedEvaluation;
  prompts: readonly Prompt[];
  store: ResponseStore;
  signal: AbortSignal | undefined;
  onProgress: (progress: EvaluationProgress) => void;
}

/**
 * Every variant's response to every prompt that the store does not have. Prompts that cannot be answered are returned, and
 * tried again by the next run; any other failure ends the run, with what was decoded kept.
 *
 * @throws ArgsearchError as load() and generate(); ABORTED
 */
export async function decodeMissing(request: RunRequest): Promise<FailedResponse[]> {
  const { resolved, prompts, store, signal } = request;
  const run = new Run(request);
  const sessions = new Sessions();
  try {
    for (const variant of bySession(resolved.variants)) {
      const missing = [...prompts.entries()].filter(([index]) => !store.has(variant.name, index));
      if (missing.length === 0) continue;
      const session = await sessions.use({ ...resolved, pair: variant.pair, guided: isGuided(variant.method), signal });
      await run.answer(session, variant, missing);
    }
  } finally {
    await sessions.close();
  }
  return run.failures.sort((a, b) => a.index - b.index);
}

/** Variants that share a session follow each other: models are loaded once. */
function bySession(variants: readonly Variant[]): Variant[] {
  const pairs = [...new Set(variants.map(({ pair }) => pair))];
  return pairs.flatMap((pair) => {
    const own = variants.filter((variant) => variant.pair === pair);
    return [...own.filter(({ method }) => !isGuided(method)), ...own.filter(({ method }) => isGuided(method))];
  });
}

class Run {
  readonly failures: FailedResponse[] = [];
  readonly #request: RunRequest;
  readonly #time = new TimeLeft();
  readonly #total: number;
  #done = 0;

  constructor(request: RunRequest) {
    this.#request = request;
    const { resolved, prompts, store } = request;
    this.#total = resolved.variants.length * prompts.length;
    for (const { name, method } of resolved.variants) {
      const left = [...prompts.keys()].filter((index) => !store.has(name, index)).length;
      this.#done += prompts.length - left;
      this.#time.expect(name, method, left);
    }
  }

  async answer(session: Session, variant: Variant, missing: readonly (readonly [index: number, prompt: Prompt])[]): Promise<void> {
    const { slots } = this.#request.resolved;
    const queue = missing.values();
    let failed = false;
    const work = async (slot: number): Promise<void> => {
      try {
        for (const [index, prompt] of queue) {
          if (failed) return;
          await this.#one(session, variant, slot, index, prompt);
        }
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    this.#report(variant.name);
    const outcomes = await Promise.allSettled(Array.from({ length: Math.min(slots, missing.length) }, (_, slot) => work(slot)));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async #one(session: Session, variant: Variant, slot: number, index: number, prompt: Prompt): Promise<void> {
    const { resolved, store, signal } = this.#request;
    if (signal?.aborted) throw new ArgsearchError("ABORTED", "the evaluation was interrupted", { cause: signal.reason });
    const started = performance.now();
    try {
      const response = await respond(session, { variant, index, prompt, slot }, { ...resolved, signal });
      if (response.finishReason === "aborted") throw new ArgsearchError("ABORTED", "the evaluation was interrupted");
      await store.add(response);
    } catch (error) {
      if (!(error instanceof ArgsearchError) || !OF_THE_PROMPT.includes(error.code)) throw error;
      this.failures.push({ method: variant.name, index, code: error.code, message: error.message });
    }
    this.#done += 1;
    this.#time.add(variant.name, (performance.now() - started) / resolved.slots);
    this.#report(variant.name);
  }

  #report(stage: string): void {
    this.#request.onProgress({ stage, done: this.#done, total: this.#total, secondsLeft: this.#time.seconds });
  }
}

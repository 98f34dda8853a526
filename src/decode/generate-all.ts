/** Many prompts, and several responses of each, through a bounded number of slots. */
import { eitherOf } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import type { GenerateOptions, GenerateResult, Prompt, Step } from "../types.js";
import { invalid } from "../validate.js";
import type { Callbacks } from "./options.js";

/** @throws ArgsearchError OPTION_INVALID */
export function requirePrompts(prompts: unknown): void {
  if (!Array.isArray(prompts)) throw invalid("prompts", "an array", prompts);
}

/** What of a response's options is its own. */
export type OwnOptions = Pick<GenerateOptions, "signal" | "onStep" | "seed">;
type Generate = (prompt: Prompt, own: OwnOptions) => Promise<GenerateResult>;
type Outcome = { result: GenerateResult } | { error: unknown };

/** What all responses have in common, and how many of them there are: n of each prompt, `width` at a time. */
export interface Many {
  width: number;
  n: number | undefined;
  seed: number | undefined;
  signal: AbortSignal | undefined;
}

/** One response to come: which of the prompt's, and which prompt's. */
interface Job {
  prompt: Prompt;
  index: number;
  number: number;
}

/**
 * Decodes the prompts' responses in order. A failure does not stop the others: when all are done, the failure of
 * the first prompt that failed is thrown, with its place in the message. What a callback throws does: running responses are
 * aborted, and when they have ended, it is thrown as it came. Results are by prompt, then by number.
 */
export async function generateAll(
  prompts: readonly Prompt[],
  { width, n = 1, seed, signal }: Many,
  generate: Generate,
  callbacks: Callbacks,
): Promise<GenerateResult[][]> {
  const results: GenerateResult[][] = prompts.map(() => []);
  const failures: { error: unknown; index: number }[] = [];
  const total = prompts.length * n;
  const jobs = jobsOf(prompts, n);
  const stop = new AbortController();
  const { signal: either, forget } = eitherOf([signal, stop.signal]);
  let done = 0;
  const thrown: unknown[] = [];
  const fail = (error: unknown): void => {
    thrown.push(error);
    stop.abort();
  };
  const tell = (outcome: Outcome, { index, number }: Job): void => {
    if ("result" in outcome) callbacks.onResult?.(outcome.result, index, number);
    else callbacks.onError?.(outcome.error, index, number);
    callbacks.onProgress?.(done, total);
  };
  const tellStep = async (step: Step, { index, number }: Job): Promise<void> => {
    try {
      if (thrown.length === 0) await callbacks.onStep?.(step, index, number);
    } catch (error) {
      fail(error);
    }
  };
  const work = async (): Promise<void> => {
    for (const job of jobs) {
      const onStep = callbacks.onStep && ((step: Step) => tellStep(step, job));
      const outcome = await outcomeOf(generate(job.prompt, { signal: either, onStep, seed: seedOf(seed, job.number) }));
      if (thrown.length > 0) return;
      done += 1;
      if ("result" in outcome) (results[job.index] ?? [])[job.number] = outcome.result;
      else failures.push({ error: outcome.error, index: job.index });
      try {
        tell(outcome, job);
      } catch (error) {
        fail(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, total) }, work)).finally(forget);
  if (thrown.length > 0) throw thrown[0];
  if (failures.length > 0) throw firstFailure(failures, prompts.length);
  return results;
}

function* jobsOf(prompts: readonly Prompt[], n: number): Generator<Job, void, undefined> {
  for (const [index, prompt] of prompts.entries()) for (let number = 0; number < n; number++) yield { prompt, index, number };
}

/** An odd step, so that no two of 2^32 are the same. */
function seedOf(seed: number | undefined, number: number): number | undefined {
  return seed === undefined ? undefined : (seed + Math.imul(number, 0x9e3779b1)) >>> 0;
}

function outcomeOf(response: Promise<GenerateResult>): Promise<Outcome> {
  return response.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
}

function firstFailure(failures: { error: unknown; index: number }[], prompts: number): unknown {
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (!(first?.error instanceof ArgsearchError)) return first?.error;
  const failed = new Set(failures.map(({ index }) => index)).size;
  const others = failed === 1 ? "" : `; ${failed} of ${prompts} prompts failed`;
  const message = `prompt ${first.index}: ${first.error.message}${others}`;
  return first.error.rephrased(message);
}

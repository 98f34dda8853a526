/** Many prompts through a bounded number of slots. */
import { onAbort } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import type { GenerateAllOptions, GenerateOptions, GenerateResult, Prompt } from "../types.js";
import { invalid } from "../validate.js";

/** @throws ArgsearchError OPTION_INVALID */
export function requirePrompts(prompts: unknown): void {
  if (!Array.isArray(prompts)) throw invalid("prompts", "an array", prompts);
}

type Callbacks = Omit<GenerateAllOptions, keyof GenerateOptions>;
type Generate = (prompt: Prompt, signal: AbortSignal) => Promise<GenerateResult>;
type Outcome = { result: GenerateResult } | { error: unknown };

/**
 * Runs the prompts in order, `width` at a time. A failure does not stop the others: when all are done, the failure of
 * the first prompt that failed is thrown, with its place in the message. What a callback throws does: running responses are
 * aborted, and when they have ended, it is thrown as it came.
 */
export async function generateAll(
  prompts: readonly Prompt[],
  { width, signal }: { width: number; signal: AbortSignal | undefined },
  generate: Generate,
  callbacks: Callbacks,
): Promise<GenerateResult[]> {
  const results: GenerateResult[] = [];
  const failures: { error: unknown; index: number }[] = [];
  const queue = prompts.entries();
  const stop = new AbortController();
  const forget = onAbort([signal], () => stop.abort(signal?.reason));
  let done = 0;
  const thrown: unknown[] = [];
  const tell = (outcome: Outcome, index: number): void => {
    if ("result" in outcome) callbacks.onResult?.(outcome.result, index);
    else callbacks.onError?.(outcome.error, index);
    callbacks.onProgress?.(done, prompts.length);
  };
  const work = async (): Promise<void> => {
    for (const [index, prompt] of queue) {
      const outcome = await outcomeOf(generate(prompt, stop.signal));
      if (thrown.length > 0) return;
      done += 1;
      if ("result" in outcome) results[index] = outcome.result;
      else failures.push({ error: outcome.error, index });
      try {
        tell(outcome, index);
      } catch (error) {
        thrown.push(error);
        stop.abort();
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, prompts.length) }, work)).finally(forget);
  if (thrown.length > 0) throw thrown[0];
  if (failures.length > 0) throw firstFailure(failures, prompts.length);
  return results;
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
  const others = failures.length === 1 ? "" : `; ${failures.length} of ${prompts} prompts failed`;
  const message = `prompt ${first.index}: ${first.error.message}${others}`;
  return new ArgsearchError(first.error.code, message, { cause: first.error });
}

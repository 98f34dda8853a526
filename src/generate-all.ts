/** Many prompts through a bounded number of slots. */
import { ArgsearchError } from "./errors.js";
import type { GenerateAllOptions, GenerateOptions, GenerateResult, Prompt } from "./types.js";

type Callbacks = Omit<GenerateAllOptions, keyof GenerateOptions>;

/**
 * Runs the prompts in order, `width` at a time. A failure does not stop the others: when all are done, the failure of
 * the first prompt that failed is thrown, with its place in the message.
 */
export async function generateAll(
  prompts: readonly Prompt[],
  width: number,
  generate: (prompt: Prompt) => Promise<GenerateResult>,
  callbacks: Callbacks,
): Promise<GenerateResult[]> {
  const results: GenerateResult[] = [];
  const failures: { error: unknown; index: number }[] = [];
  const queue = prompts.entries();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const [index, prompt] of queue) {
      try {
        const result = await generate(prompt);
        results[index] = result;
        callbacks.onResult?.(result, index);
      } catch (error) {
        failures.push({ error, index });
        callbacks.onError?.(error, index);
      }
      callbacks.onProgress?.(++done, prompts.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, prompts.length) }, work));
  if (failures.length > 0) throw firstFailure(failures, prompts.length);
  return results;
}

function firstFailure(failures: { error: unknown; index: number }[], prompts: number): unknown {
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (!(first?.error instanceof ArgsearchError)) return first?.error;
  const others = failures.length === 1 ? "" : `; ${failures.length} of ${prompts} prompts failed`;
  const message = `prompt ${first.index}: ${first.error.message}${others}`;
  return new ArgsearchError(first.error.code, message, { cause: first.error });
}

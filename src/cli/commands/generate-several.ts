import type { Decoder, GenerateResult } from "../../index.js";
import { type DecodingFlags, generateOptions } from "../flags/flags.js";
import { isAborted, isInterrupted } from "../terminal/failure.js";
import { plural, rewardFigures } from "../terminal/format.js";
import { interruptible } from "../terminal/interrupt.js";
import { coloursFor, note, print, printText } from "../terminal/output.js";
import { workBar } from "../terminal/progress.js";

/** Several responses to one prompt; of an interrupted run those that there are. */
export async function generateSeveral(
  decoder: Decoder,
  prompt: string,
  count: number,
  flags: DecodingFlags,
  onStep: () => void,
): Promise<GenerateResult[]> {
  const found: GenerateResult[] = [];
  const bar = workBar("decoding");
  const run = (signal: AbortSignal): Promise<unknown> =>
    decoder.generateAll([prompt], {
      ...generateOptions(flags),
      ...{ n: count, signal, onStep, onProgress: bar.update },
      onResult: (result, _index, number) => {
        found[number] = result;
      },
    });
  await interruptible(run)
    .finally(bar.stop)
    .catch((error: unknown) => {
      if (!isInterrupted() || !isAborted(error)) throw error;
    });
  return Object.values(found);
}

/** One after the other, each below a line that says which it is. */
export async function printSeveral(results: readonly GenerateResult[]): Promise<void> {
  const { dim } = coloursFor(process.stdout);
  for (const [at, result] of results.entries()) {
    const { text, finishReason, usage, seed } = result;
    const about = [`${at + 1} of ${results.length}`, `seed ${seed}`, finishReason, plural(usage.completionTokens, "token")];
    await print(`${dim(`--- ${[...about, ...rewardFigures(result)].join(" · ")}`)}\n`);
    await printText(text.endsWith("\n") ? text : `${text}\n`);
  }
  const same = results.length > 1 && results.every(({ text }) => text === results[0]?.text);
  if (same) note("all responses are the same: with --select stochastic, --method sample or --method blocks they are drawn", true);
}

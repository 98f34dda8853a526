import type { GenerateResult, Step } from "../../index.js";
import { printText } from "./output.js";

/** Takes a response's text as it comes; without a step, what is left when it has ended. */
export type WriteText = (text: string, step?: Step) => Promise<void>;

/** Drains a response: each step to `onStep`, its text to `write`, by default standard output. */
export async function streamText(
  steps: AsyncGenerator<Step, GenerateResult>,
  { write = printText, onStep }: { write?: WriteText; onStep?: (step: Step) => Promise<void> } = {},
): Promise<GenerateResult> {
  let written = 0;
  for (;;) {
    const next = await steps.next();
    if (next.done) {
      // An interrupted response may end in text that was held back for a stop string.
      await write(next.value.text.slice(written));
      return next.value;
    }
    await onStep?.(next.value);
    written += next.value.text.length;
    await write(next.value.text, next.value);
  }
}

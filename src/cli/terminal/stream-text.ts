import type { GenerateResult, Step } from "../../index.js";
import { printText } from "./output.js";

/** Drains a response: each step to `onStep`, its text to standard output unless `silent`. */
export async function streamText(
  steps: AsyncGenerator<Step, GenerateResult>,
  { silent = false, onStep }: { silent?: boolean; onStep?: (step: Step) => Promise<void> } = {},
): Promise<GenerateResult> {
  let printed = 0;
  const show = async (text: string) => {
    if (silent) return;
    printed += text.length;
    await printText(text);
  };
  for (;;) {
    const next = await steps.next();
    if (next.done) {
      // An interrupted response may end in text that was held back for a stop string.
      await show(next.value.text.slice(printed));
      return next.value;
    }
    await onStep?.(next.value);
    await show(next.value.text);
  }
}

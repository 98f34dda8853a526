/** How long a decoder's steps take, for benches that hold decoders beside each other in turns. */
import { performance } from "node:perf_hooks";
import { AS_IN_THE_PAPER } from "../../src/decode/method-defaults.js";
import type { Decoder } from "../../src/index.js";

const PROMPT = "all work and no play makes Jack a dull boy. ".repeat(5).slice(0, 200);

/** Median milliseconds of a step, as its reader sees it; the prompt and the first step left out. */
export async function stepMs(decoder: Decoder, { k, steps }: { k: string; steps: string }): Promise<number> {
  const found: number[] = [];
  let last: number | undefined;
  const options = { template: "none", topK: Number(k), maxTokens: Number(steps) + 1, seed: 1, ...AS_IN_THE_PAPER } as const;
  for await (const _ of decoder.stream(PROMPT, options)) {
    const now = performance.now();
    if (last !== undefined) found.push(now - last);
    last = now;
  }
  return quantile(found, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

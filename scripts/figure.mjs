#!/usr/bin/env node
/**
 * Draws docs/args-step.svg: the first steps of a response by the embedded pair, each candidate with its log-probability, reward and score.
 *   npm run figure [-- FILE]
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EMBEDDED, load } from "../dist/index.js";
import { draw } from "./figure/draw.mjs";
import { main, root } from "./lib/run.mjs";

const PROMPT = "Can you help me set up a light show?";
const WEIGHT = 0.6;

/** How many candidates of each step are drawn: all ten of the first, where the reward overturns the likeliest token. */
const SHOWN = [10, 4, 4];

await main(import.meta.url, async ([file = join(root, "docs", "args-step.svg")]) => {
  await writeFile(file, draw(await decode(), { prompt: PROMPT, weight: WEIGHT, shown: SHOWN }));
});

/** The steps to draw, and what both methods end with. One thread: sums are then the same on every run. */
async function decode() {
  const decoder = await load({ ...EMBEDDED, threads: 1, gpu: false });
  try {
    const greedy = await decoder.generate(PROMPT, { method: "greedy", rewards: true });
    const steps = [];
    const stream = decoder.stream(PROMPT, { weight: WEIGHT, candidates: true });
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) steps.push(next.value);
    return { steps: steps.slice(0, SHOWN.length), greedy, args: next.value };
  } finally {
    await decoder.dispose();
  }
}

import { drawSeed } from "../../decode/draw-seed.js";
import type { Prompt } from "../../types.js";

/** `count` of the prompts, or all where there are fewer, in their order: the seed decides which. */
export function choosePrompts(prompts: readonly Prompt[], count: number, seed: number): Prompt[] {
  const drawn = [...prompts.keys()].sort((a, b) => drawSeed(seed, a, 0) - drawSeed(seed, b, 0));
  const chosen = new Set(drawn.slice(0, count));
  return prompts.filter((_, place) => chosen.has(place));
}

import type { Scale } from "./colour.js";
import { dim, type Line } from "./line.js";

const STEPS = 24;

/** A bar from the lowest to the highest colour. */
export function legend({ low, high }: Scale): Line {
  const bar = Array.from({ length: STEPS }, (_, step) => ({ text: "█", reward: low + ((high - low) * step) / (STEPS - 1) }));
  return [dim("reward of the text so far, at each token   "), dim(`${low.toFixed(1)} `), ...bar, dim(` ${high.toFixed(1)}`)];
}

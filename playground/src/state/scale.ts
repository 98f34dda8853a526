/** One scale of rewards for both answers, as the chat of the command line has it. */
import { computed } from "@preact/signals";
import { type Scale, shade } from "../../../src/cli/page/colour.js";
import { quantile } from "../../../src/statistics.js";
import { guided, plain } from "./answer.js";
import type { Piece } from "./piece.js";

/** Rewards are normalised to a deviation of about 1: less than that between the ends would make much of little. */
const LEAST_SPAN = 1;

const rewards = computed(() => [...rewardsOf(plain.pieces.value), ...rewardsOf(guided.pieces.value)]);

/** The ends: all rewards so far but the lowest and highest twentieth, to a tenth, so that colours rest while the text grows. */
export const scale = computed((): Scale | null => {
  if (rewards.value.length === 0) return null;
  const sorted = rewards.value.toSorted((a, b) => a - b);
  const [low, high] = [quantile(sorted, 0.05), quantile(sorted, 0.95)];
  const missing = Math.max(0, LEAST_SPAN - (high - low)) / 2;
  return { low: Math.floor((low - missing) * 10) / 10, high: Math.ceil((high + missing) * 10) / 10 };
});

/** All of them, for the curve's axis. */
export const range = computed((): Scale | null => {
  if (rewards.value.length === 0) return null;
  return { low: Math.min(...rewards.value), high: Math.max(...rewards.value) };
});

/**
 * The reward that colours each token. Of blocks the last token's is the whole block's; otherwise a token without one (a gate left it out)
 * has no colour.
 */
export function shown(pieces: readonly Piece[], blocks: boolean): (number | null)[] {
  const result = pieces.map(({ reward }) => reward);
  if (!blocks) return result;
  for (let at = result.length - 2; at >= 0; at--) result[at] ??= result[at + 1] ?? null;
  return result;
}

export function shadeClass(reward: number | null): string {
  return reward === null || scale.value === null ? "" : `shade r${shade(reward, scale.value)}`;
}

function rewardsOf(pieces: readonly Piece[]): number[] {
  return pieces.flatMap(({ reward }) => reward ?? []);
}

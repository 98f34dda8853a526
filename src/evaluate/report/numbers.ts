/** Numbers as a reader wants them. */
import type { Estimate } from "../statistics/resampling.js";
import type { Cell } from "./document.js";

/** Metrics that are shown in per cent, diversity as in the paper. */
const PER_CENT = new Set(["diversity", "ended", "loops", "lowDiversity"]);

const TITLES: Readonly<Record<string, string>> = {
  reward: "average reward",
  judgeReward: "judge's reward",
  diversity: "diversity × 100",
  coherence: "coherence",
  ended: "ended %",
  loops: "loops %",
  lowDiversity: "diversity < 0.3 %",
  perplexity: "perplexity",
  length: "tokens",
  tokensPerSecond: "tokens/s",
  callsPerToken: "model calls/token",
};

/** What the paper compares, then what tells whether a text is still good. */
export const ORDER: readonly string[] = ["reward", "judgeReward", "diversity", "coherence", "ended", "loops", "lowDiversity", "perplexity"];

/** Measures that every evaluation has, or may have. */
export const BUILT_IN: readonly string[] = Object.keys(TITLES);

export function titleOf(metric: string): string {
  return TITLES[metric] ?? metric;
}

/** A value in the unit of titleOf(). */
export function shownValue(metric: string, value: number): number {
  return PER_CENT.has(metric) ? value * 100 : value;
}

/** "1.504" above "[1.126, 1.916]": mean and 95 % interval; "–" where there is none. */
export function shownEstimate(metric: string, found: Estimate | undefined): Cell {
  if (found === undefined) return "–";
  const [mean, low, high] = [found.mean, found.low, found.high].map((value) => digits(shownValue(metric, value)));
  return low === high ? `${mean}` : { value: `${mean}`, below: `[${low}, ${high}]` };
}

/** A share in per cent. */
export function shownShare(found: Estimate | null): Cell {
  return found === null ? "–" : { value: digits(found.mean * 100), below: `[${digits(found.low * 100)}, ${digits(found.high * 100)}]` };
}

/** With its sign, as differences have it. */
export function shownDifference(metric: string, found: Estimate): Exclude<Cell, string> {
  const [mean, low, high] = [found.mean, found.low, found.high].map((value) => signed(shownValue(metric, value)));
  return { value: `${mean}`, below: `[${low}, ${high}]` };
}

/** "= 0.0123" or "< 0.0002". */
export function shownP(p: number): string {
  return p < 0.0002 ? "< 0.0002" : `= ${p.toFixed(4)}`;
}

function signed(value: number): string {
  return value < 0 ? digits(value) : `+${digits(value)}`;
}

/** Three decimals, fewer for large numbers; a true minus sign. */
export function digits(value: number): string {
  // As rounded: 9.9999 is 10.00, not 10.000.
  const size = Math.abs(Number(value.toPrecision(4)));
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}

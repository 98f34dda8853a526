/** Numbers as a reader wants them. */
import type { Estimate } from "../resampling.js";

/** Metrics that the paper prints in per cent. */
const PER_CENT = new Set(["diversity"]);

const TITLES: Readonly<Record<string, string>> = {
  reward: "average reward",
  diversity: "diversity × 100",
  coherence: "coherence",
  length: "tokens",
  tokensPerSecond: "tokens/s",
  callsPerToken: "model calls/token",
};

export function titleOf(metric: string): string {
  return TITLES[metric] ?? metric;
}

/** A value in the unit of titleOf(). */
export function shownValue(metric: string, value: number): number {
  return PER_CENT.has(metric) ? value * 100 : value;
}

/** "1.504 [1.126, 1.916]": mean and 95 % interval; "–" where there is none. */
export function shownEstimate(metric: string, found: Estimate | undefined): string {
  if (found === undefined) return "–";
  const [mean, low, high] = [found.mean, found.low, found.high].map((value) => digits(shownValue(metric, value)));
  return low === high ? `${mean}` : `${mean} [${low}, ${high}]`;
}

/** With its sign, as differences have it. */
export function shownDifference(metric: string, found: Estimate): string {
  const [mean, low, high] = [found.mean, found.low, found.high].map((value) => signed(shownValue(metric, value)));
  return `${mean} [${low}, ${high}]`;
}

export function shownP(p: number): string {
  return p < 0.0002 ? "< 0.0002" : p.toFixed(4);
}

function signed(value: number): string {
  return value < 0 ? digits(value) : `+${digits(value)}`;
}

/** Three decimals, fewer for large numbers; a true minus sign. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}

/** What is said of repeated measurements: medians with quartiles, because machines are noisy and their noise is one-sided. */
import { quantile } from "../statistics.js";

/** Median and quartiles of repeated measurements. */
export interface Summary {
  /** Half of the measurements are above it. */
  median: number;
  /** The lower quartile. */
  low: number;
  /** The upper quartile. */
  high: number;
  /** How many measurements. */
  count: number;
}

/** NaN without values. */
export function summary(values: readonly number[]): Summary {
  const ascending = [...values].sort((a, b) => a - b);
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(ascending, share)) as [number, number, number];
  return { median, low, high, count: values.length };
}

/**
 * How many times as long one takes as another: the ratio of each round, in which both were measured one after the other, summarised.
 * Null unless both have the same rounds.
 */
export function pairedRatio(numerator: readonly number[] | undefined, denominator: readonly number[] | undefined): Summary | null {
  if (numerator === undefined || denominator === undefined) return null;
  if (numerator.length === 0 || numerator.length !== denominator.length) return null;
  return summary(numerator.map((value, round) => value / (denominator[round] ?? Number.NaN)));
}

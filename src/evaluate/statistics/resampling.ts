/** Intervals and tests by resampling. The same seed gives the same numbers. */
import { mean, quantile, wilson } from "../../statistics.js";
import { Draws, PLACES, SIGNS } from "./draws.js";

/** A mean with its 95 % interval. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
  /** Values behind it. */
  count: number;
}

export interface PairedTest extends Estimate {
  /** Two-sided p of the hypothesis that the difference is symmetric about 0. */
  p: number;
}

/** Resamples of an interval, and sign changes of a test. */
const RESAMPLES = 10_000;

/** Differences other than 0 up to which all changes of their signs are tried, 2^13 of them, instead of 10,000 at random. */
const MOST_EXACT = 13;

/** Sums that differ by less than this share of the summed sizes are equal but for rounding. */
const ROUNDING = 1e-12;

/**
 * The mean with a percentile bootstrap interval of 95 % (Efron 1979): 10,000 resamples of the values. Null without a value.
 *
 * @param seed unsigned 32 bit
 */
export function estimate(values: readonly number[], seed: number): Estimate | null {
  return new Resampler(seed, false).estimate(values);
}

/**
 * The mean of paired differences with its bootstrap interval and the p of a two-sided permutation test: how often changes of
 * the differences' signs give a mean at least as far from 0. All changes are tried where at most 13 differences are not 0
 * (p is exact then), else 10,000 at random (p is never below 1 / 10,001). It assumes no distribution. Null without a value.
 *
 * @param seed unsigned 32 bit
 */
export function pairedTest(differences: readonly number[], seed: number): PairedTest | null {
  return new Resampler(seed, false).pairedTest(differences);
}

/** The mean of zeros and ones, a share, with Wilson's interval of 95 % (1927), which says something of 0 and 1, too. Null without a value. */
export function shareEstimate(values: readonly number[]): Estimate | null {
  if (values.length === 0) return null;
  const hits = values.reduce((sum, value) => sum + value, 0);
  return { mean: hits / values.length, ...wilson(hits, values.length), count: values.length };
}

/** Many estimates and tests of one seed, in less time: they share what is drawn. The numbers are those of the functions. */
export class Resampler {
  readonly #places: Draws<Uint32Array>;
  readonly #signs: Draws<Int8Array>;

  /** @param keep whether draws stay in memory, up to 50 MB, as long as the object */
  constructor(seed: number, keep = true) {
    const how = { seed, rows: RESAMPLES, keep };
    this.#places = new Draws(PLACES, how);
    this.#signs = new Draws(SIGNS, how);
  }

  estimate(values: readonly number[]): Estimate | null {
    if (values.length === 0) return null;
    const [low, high] = this.#interval(Float64Array.from(values));
    return { mean: mean([...values]), low, high, count: values.length };
  }

  pairedTest(differences: readonly number[]): PairedTest | null {
    const found = this.estimate(differences);
    return found && { ...found, p: this.#signPermutation(Float64Array.from(differences)) };
  }

  #interval(data: Float64Array): [number, number] {
    const means = new Float64Array(RESAMPLES);
    let resample = 0;
    for (const places of this.#places.of(data.length)) {
      let sum = 0;
      for (let at = 0; at < places.length; at++) sum += data[places[at] ?? 0] ?? 0;
      means[resample++] = sum / data.length;
    }
    const sorted = Array.from(means.sort());
    return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
  }

  #signPermutation(data: Float64Array): number {
    const changing = data.filter((value) => value !== 0);
    if (changing.length <= MOST_EXACT) return exactSigns(changing);
    const threshold = thresholdOf(data);
    let extreme = 0;
    for (const signs of this.#signs.of(data.length)) {
      let sum = 0;
      for (let at = 0; at < signs.length; at++) sum += (signs[at] ?? 0) * (data[at] ?? 0);
      if (Math.abs(sum) >= threshold) extreme++;
    }
    return (extreme + 1) / (RESAMPLES + 1);
  }
}

/** The share of all changes of signs whose sum is as far from 0 as the observed one. */
function exactSigns(data: Float64Array): number {
  const threshold = thresholdOf(data);
  const changes = 2 ** data.length;
  let extreme = 0;
  for (let change = 0; change < changes; change++) {
    let sum = 0;
    for (let at = 0; at < data.length; at++) sum += change & (1 << at) ? -(data[at] ?? 0) : (data[at] ?? 0);
    if (Math.abs(sum) >= threshold) extreme++;
  }
  return extreme / changes;
}

function thresholdOf(data: Float64Array): number {
  const [sum, sizes] = [data.reduce((total, value) => total + value, 0), data.reduce((total, value) => total + Math.abs(value), 0)];
  return Math.abs(sum) - ROUNDING * sizes;
}

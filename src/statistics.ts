/** Small statistics that several reports need. */

export interface Interval {
  low: number;
  high: number;
}

/** Two-sided 95 % quantile of the standard normal distribution. */
const Z95 = 1.959963984540054;

/** 95 % interval of a share of `total`: Wilson, Probable inference, 1927. 0 to 1 when total is 0. */
export function wilson(hits: number, total: number): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const share = hits / total;
  const z2 = (Z95 * Z95) / total;
  const centre = share + z2 / 2;
  const spread = Z95 * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total));
  // At the ends the bounds are 0 and 1, which rounding would miss.
  return { low: hits === 0 ? 0 : (centre - spread) / (1 + z2), high: hits === total ? 1 : (centre + spread) / (1 + z2) };
}

/** Upper one-sided 95 % bound of a share of `total`: Clopper and Pearson, 1934. 1 when total is 0. */
export function upperShare(hits: number, total: number): number {
  if (hits >= total) return 1;
  let [low, high] = [hits / total, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (binomialTail(hits, total, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** Probability of at most `hits` of `total` at this share. */
function binomialTail(hits: number, total: number, share: number): number {
  let term = total * Math.log1p(-share);
  let sum = Math.exp(term);
  for (let k = 1; k <= hits; k++) {
    term += Math.log((total - k + 1) / k) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(term);
  }
  return sum;
}

/** NaN without values. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return sum / values.length;
}

/** The p-quantile (0 to 1) of ascending values, linear between them: Hyndman and Fan's type 7, as NumPy has it. */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const place = (ascending.length - 1) * p;
  const [low, high] = [ascending[Math.floor(place)] ?? Number.NaN, ascending[Math.ceil(place)] ?? Number.NaN];
  return low + (place - Math.floor(place)) * (high - low);
}

/** Mean and deviation of weighted values, one at a time: West, Updating mean and variance estimates, 1979. */
export class Moments {
  #weight = 0;
  #mean = 0;
  #squares = 0;

  add(value: number, weight = 1): void {
    this.#weight += weight;
    const difference = value - this.#mean;
    this.#mean += (weight / this.#weight) * difference;
    this.#squares += weight * difference * (value - this.#mean);
  }

  /** NaN without values. */
  get mean(): number {
    return this.#weight > 0 ? this.#mean : Number.NaN;
  }

  /** Standard deviation of the values themselves, not an estimate for more; NaN without values. */
  get deviation(): number {
    return this.#weight > 0 ? Math.sqrt(this.#squares / this.#weight) : Number.NaN;
  }
}

/** How many values lie in each of equal steps from the least to the greatest. */
export interface Histogram extends Interval {
  counts: number[];
}

export function histogram(values: readonly number[], bins: number): Histogram {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const counts = Array<number>(values.length > 0 ? bins : 0).fill(0);
  const step = (high - low) / bins;
  for (const value of values) counts[step > 0 ? Math.min(bins - 1, Math.floor((value - low) / step)) : 0] += 1;
  return { low, high, counts };
}

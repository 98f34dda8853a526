/** Rewards of single tokens, summed up. */

/**
 * What tokens are worth by the values of others that the same text was cut into: each takes those behind the one before it, up to its place
 * among them, so that the sum stays the same.
 */
export function sumsUpTo(places: readonly number[], values: ArrayLike<number>): number[] {
  return places.map((place, index) => sum(Array.from(values).slice((places[index - 1] ?? -1) + 1, place + 1)));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

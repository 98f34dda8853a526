import { expect } from "vitest";
import type { GenerateResult } from "../../src/index.js";

/**
 * How far the same numbers may lie apart when the same tokens are decoded in other batches, or in other cells of a cache.
 *
 * The order of ggml's F32 additions depends on both: a matrix product has one kernel for a single row and another for
 * several, and attention sums over cells in the order in which they lie. The differences seen on the models of these tests
 * are at most 5e-6; one rounding of a hidden state to F16 is about 1e-3.
 */
export const ROUNDING = 2e-5;

/** NaN, which no comparison accepts, if any value is, or is missing. */
export function largestDifference(a: readonly (number | null)[], b: readonly (number | null)[]): number {
  const apart = (x: number | null, y: number | null | undefined): number => Math.abs((x ?? Number.NaN) - (y ?? Number.NaN));
  return a.length === b.length ? Math.max(0, ...a.map((value, index) => apart(value, b[index]))) : Number.NaN;
}

/** The same tokens, text and end; log-probabilities and rewards up to rounding. */
export function expectSameResult(found: GenerateResult, wanted: GenerateResult): void {
  const { tokens, text, finishReason } = wanted;
  expect(found).toMatchObject({ tokens, text, finishReason });
  expect(largestDifference(found.logProbs, wanted.logProbs)).toBeLessThan(ROUNDING);
  expect(largestDifference(found.rewards, wanted.rewards)).toBeLessThan(ROUNDING);
}

import { describe, expect, it } from "vitest";
import { histogram, Moments, wilson } from "../../src/statistics.js";

describe("wilson()", () => {
  it.each([
    [8, 10],
    [334, 491],
    [1, 3],
  ])("has the bounds at which %i in %i would be 1.96 deviations away", (hits, total) => {
    const { low, high } = wilson(hits, total);
    for (const bound of [low, high]) {
      const away = (hits / total - bound) / Math.sqrt((bound * (1 - bound)) / total);
      expect(Math.abs(away)).toBeCloseTo(1.959964, 6);
    }
    expect(low).toBeLessThan(high);
  });

  it("stays between 0 and 1", () => {
    expect(wilson(0, 10)).toMatchObject({ low: 0 });
    expect(wilson(10, 10)).toMatchObject({ high: 1 });
  });

  it("knows nothing of nothing", () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

it("moments are those of repeated values", () => {
  const weighted = new Moments();
  const repeated = new Moments();
  for (const [value, weight] of [
    [3, 2],
    [-1, 1],
    [7, 3],
  ]) {
    weighted.add(value, weight);
    for (let i = 0; i < weight; i++) repeated.add(value);
  }
  expect(weighted.mean).toBeCloseTo(26 / 6, 12);
  expect(weighted.mean).toBeCloseTo(repeated.mean, 12);
  expect(weighted.deviation).toBeCloseTo(repeated.deviation, 12);
  expect(new Moments().mean).toBeNaN();
});

it("a histogram has every value once", () => {
  expect(histogram([0, 1, 2, 3, 4], 4)).toEqual({ low: 0, high: 4, counts: [1, 1, 1, 2] });
  expect(histogram([2, 2], 3)).toEqual({ low: 2, high: 2, counts: [2, 0, 0] });
  expect(histogram([], 3).counts).toEqual([]);
});

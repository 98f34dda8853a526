import { describe, expect, it } from "vitest";
import { pairedRatio, summary } from "../../src/bench/summary.js";

describe("summary()", () => {
  it("has median and quartiles as NumPy's default interpolates them", () => {
    // numpy.percentile([7, 15, 36, 39, 40, 41], [25, 50, 75])
    expect(summary([40, 7, 39, 15, 41, 36])).toEqual({ low: 20.25, median: 37.5, high: 39.75, count: 6 });
  });

  it("is not moved by one round that somebody disturbed", () => {
    expect(summary([10, 10, 10, 10, 900]).median).toBe(10);
  });
});

describe("pairedRatio()", () => {
  it("compares round by round, so that what slows a whole round down does not count", () => {
    const plain = [5, 5, 50, 5, 20];
    const twice = plain.map((ms) => 2 * ms);
    expect(pairedRatio(twice, plain)).toEqual({ low: 2, median: 2, high: 2, count: 5 });
  });

  it.each([
    ["one is missing", undefined, [1]],
    ["rounds differ", [1, 2], [1]],
    ["there are none", [], []],
  ])("is null where %s", (_why, numerator, denominator) => {
    expect(pairedRatio(numerator, denominator)).toBeNull();
  });
});

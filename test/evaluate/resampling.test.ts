import { describe, expect, it } from "vitest";
import { estimate, pairedTest } from "../../src/evaluate/resampling.js";
import { Random } from "../helpers/random.js";

describe("bootstrap intervals", () => {
  it("are the same for the same seed, and hardly differ for another", () => {
    const values = Array.from({ length: 40 }, (_, index) => Math.sin(index));
    const first = estimate(values, 3);
    expect(estimate(values, 3)).toEqual(first);
    const other = estimate(values, 4);
    expect(other).not.toEqual(first);
    expect(Math.abs((other?.low ?? 0) - (first?.low ?? 9))).toBeLessThan(0.02);
  });

  it("are those of the normal distribution for many values", () => {
    const values = Array.from({ length: 400 }, (_, index) => index % 2);
    const found = estimate(values, 0);
    expect(found?.mean).toBe(0.5);
    // 0.5 ± 1.96 · 0.5 / 20
    expect(found?.low).toBeCloseTo(0.451, 2);
    expect(found?.high).toBeCloseTo(0.549, 2);
  });

  it("are nothing without values, and a point for one", () => {
    expect(estimate([], 0)).toBeNull();
    expect(estimate([2.5], 0)).toEqual({ mean: 2.5, low: 2.5, high: 2.5, count: 1 });
  });
});

describe("paired tests", () => {
  it("agree with all sign changes of few differences", () => {
    const differences = [0.3, -0.1, 0.8, 0.5, 0.2, 0.4, -0.3, 0.6];
    const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
    let extreme = 0;
    for (let signs = 0; signs < 256; signs++) {
      const sum = differences.reduce((total, value, at) => total + (signs & (1 << at) ? value : -value), 0);
      if (Math.abs(sum) >= observed - 1e-12) extreme++;
    }
    expect(pairedTest(differences, 1)?.p).toBeCloseTo(extreme / 256, 1.9);
  });

  it("see nothing where there is nothing, and something where there is", () => {
    const random = new Random(7);
    const noise = Array.from({ length: 60 }, () => random.uniform() - 0.5);
    expect(pairedTest(noise, 0)?.p).toBeGreaterThan(0.05);
    expect(
      pairedTest(
        noise.map((value) => value + 0.5),
        0,
      )?.p,
    ).toBeLessThan(0.001);
    expect(pairedTest([0, 0, 0], 0)?.p).toBe(1);
  });

  it("reject a true hypothesis about one time in twenty", () => {
    const random = new Random(11);
    const rejected = Array.from({ length: 100 }, () => {
      const sample = Array.from({ length: 20 }, () => random.uniform() + random.uniform() - 1);
      return (pairedTest(sample, 5)?.p ?? 1) < 0.05;
    }).filter(Boolean).length;
    expect(rejected).toBeGreaterThanOrEqual(1);
    expect(rejected).toBeLessThanOrEqual(12);
  });
});

import { describe, expect, it } from "vitest";
import { compare } from "../../src/evaluate/results.js";
import { estimate, pairedTest } from "../../src/evaluate/statistics/resampling.js";
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

/** By all sign changes. */
function exactP(differences: readonly number[]): number {
  const data = differences.filter((value) => value !== 0);
  let extreme = 0;
  for (let signs = 0; signs < 2 ** data.length; signs++) {
    const sum = data.reduce((total, value, at) => total + (signs & (1 << at) ? value : -value), 0);
    if (Math.abs(sum) >= Math.abs(data.reduce((total, value) => total + value, 0)) - 1e-9) extreme++;
  }
  return extreme / 2 ** data.length;
}

describe("paired tests", () => {
  it.each([
    ["few", [0.3, -0.1, 0.8, 0.5, 0.2, 0.4, -0.3, 0.6]],
    ["thirteen", [0.3, -0.1, 0.8, 0.5, 0.2, 0.4, -0.3, 0.6, 0.7, -0.9, 0.15, 0.25, 0.35]],
    // What does not differ says nothing: only eight signs can change.
    ["few among many", [0.3, -0.1, 0, 0.8, 0.5, 0.2, 0.4, -0.3, 0.6, ...Array<number>(40).fill(0)]],
    // 0.1 + 0.2 - 0.3 is not quite 0.
    ["some whose sums are equal but for rounding", [0.1, 0.2, -0.3, 0.1, 0.2]],
  ])("are exact for %s differences", (_which, differences) => {
    const random = [1, 2].map((seed) => pairedTest(differences, seed)?.p);
    expect(random).toEqual([exactP(differences), exactP(differences)]);
  });

  it("agree with all sign changes where they draw", () => {
    const random = new Random(3);
    const differences = Array.from({ length: 14 }, () => random.uniform() - 0.35);
    expect(pairedTest(differences, 1)?.p).toBeCloseTo(exactP(differences), 1.9);
  });

  it("give the same whatever was tested before", () => {
    const [short, long] = [20, 3000].map((count) => Array.from({ length: count }, (_, at) => Math.sin(at) + 0.05)) as [number[], number[]];
    const first = [pairedTest(short, 3), pairedTest(long, 3)];
    pairedTest(short, 4);
    expect([pairedTest(short, 3), pairedTest(long, 3)]).toEqual(first);
    expect(pairedTest(short, 4)).not.toEqual(first[0]);
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

describe("comparisons", () => {
  it("are of every two methods, and let other work in between", async () => {
    const random = new Random(5);
    const values = () => new Map(Array.from({ length: 100 }, (_, index) => [index, random.uniform()]));
    const methods = new Map(Array.from({ length: 8 }, (_, at) => [`m${at}`, new Map([["reward", values()]])]));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const found = await compare(methods, 3);
    clearInterval(timer);
    expect(found).toHaveLength(28);
    expect(found[0]).toMatchObject({ metric: "reward", a: "m1", b: "m0", count: 100 });
    expect(turns).toBeGreaterThan(2);
    expect(await compare(methods, 3)).toEqual(found);
  });

  it("end when they are aborted", async () => {
    const methods = new Map(["a", "b"].map((name) => [name, new Map([["reward", new Map([[0, 1]])]])]));
    await expect(compare(methods, 3, AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
  });
});

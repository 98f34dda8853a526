import { describe, expect, it } from "vitest";
import { BRADLEY_TERRY, WITHOUT_REPETITION } from "../../src/fit/bradley-terry.js";
import { best } from "../../src/fit/cross-validate.js";
import type { FeatureRecord } from "../../src/fit/feature-record.js";
import { fitHead } from "../../src/fit/fit-head.js";
import { meanLoss, type Pairs, type Problem } from "../../src/fit/mean-loss.js";
import { END } from "../../src/fit/prefixes.js";
import { HELD_OUT, splitPairs } from "../../src/fit/split.js";
import { featureFile, record, separablePairs } from "./features.js";

const all = () => true;
const bradleyTerry = (pairs: Pairs, problems: readonly Problem[]) => meanLoss(pairs, BRADLEY_TERRY, problems);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

async function fit(rowLength: number, records: readonly FeatureRecord[], seed = 0) {
  const file = await featureFile(rowLength, records);
  async function* heads() {
    yield* records;
  }
  const split = await splitPairs(heads(), { heldOut: 0.2, folds: 5, seed });
  const head = await fitHead(file, split);
  return { ...head, training: records.filter((each) => split.roleOf(each) !== HELD_OUT) };
}

function cosine(a: ArrayLike<number>, b: readonly number[]): number {
  const [dot, aa, bb] = b.reduce(([x, y, z], value, i) => [x + a[i] * value, y + a[i] ** 2, z + value ** 2], [0, 0, 0]);
  return dot / Math.sqrt(aa * bb);
}

/** Each pair's role is its number. */
const pairsOf = async (records: readonly FeatureRecord[]) => ({
  features: await featureFile(2, records),
  roleOf: ({ pairHash }: { pairHash: bigint }) => records.findIndex((each) => each.pairHash === pairHash) + 1,
  signal: undefined,
});

describe("the Bradley–Terry loss", () => {
  // Differences (1, 2) and, in a pair of two rows, (3, -1) and (0, 4).
  const records = [record(1, [END], [1, 3, 0, 1]), record(2, [0, END], [3, 0, 0, 1, 1, 4, 1, 0])];
  const weight = Float64Array.of(0.3, -0.2);
  const margins = [-0.1, 1.1, -0.8];

  it("weighs each pair the same, whatever its rows", async () => {
    const [{ value }] = await bradleyTerry(await pairsOf(records), [{ weight, includes: all }]);
    const [one, two, three] = margins.map((margin) => -Math.log(sigmoid(margin)));
    expect(value).toBeCloseTo((one + (two + three) / 2) / 2, 7);
  });

  it("has the gradient that differences show", async () => {
    const file = await pairsOf(records);
    const shifted = [0, 1].flatMap((i) =>
      [1e-5, -1e-5].map((step) => ({ weight: weight.map((w, j) => w + (i === j ? step : 0)), includes: all })),
    );
    const [{ gradient }, ...around] = await bradleyTerry(file, [{ weight, includes: all }, ...shifted]);
    expect(gradient[0]).toBeCloseTo((around[0].value - around[1].value) / 2e-5, 7);
    expect(gradient[1]).toBeCloseTo((around[2].value - around[3].value) / 2e-5, 7);
  });

  it("stays finite for margins beyond the exponential's range", async () => {
    const file = await pairsOf(records);
    const weights = [1e6, -1e6].map((scale) => ({ weight: weight.map((w) => w * scale), includes: all }));
    for (const { value, gradient } of await bradleyTerry(file, weights)) {
      expect([value, ...gradient].every(Number.isFinite)).toBe(true);
    }
  });

  it("leaves repetition aside where that is asked", async () => {
    const file = await pairsOf([...records, record(3, [END], [9, 0, 0, 9], { kind: "repetition" })]);
    const [without] = await meanLoss(file, WITHOUT_REPETITION, [{ weight, includes: all }]);
    expect(without).toEqual((await bradleyTerry(await pairsOf(records), [{ weight, includes: all }]))[0]);
    expect((await bradleyTerry(file, [{ weight, includes: all }]))[0].value).not.toBeCloseTo(without.value, 2);
  });

  it("counts the included pairs alone", async () => {
    const file = await pairsOf(records);
    const only = { weight, includes: (role: number) => role === 1 };
    const [one, none] = await bradleyTerry(file, [only, { weight, includes: () => false }]);
    expect(one.value).toBeCloseTo(-Math.log(sigmoid(margins[0])), 7);
    expect(none).toEqual({ value: 0, gradient: new Float64Array(2) });
  });
});

describe("the fit", () => {
  const direction = [1, -2, 0.5, 0, 3];

  it("finds the direction of one that separates, and says so on held-out pairs", async () => {
    const { weight, accuracy } = await fit(5, separablePairs(direction, 400));
    expect(cosine(weight, direction)).toBeGreaterThan(0.98);
    expect(accuracy).toEqual([
      { tokens: "end", pairs: 80, accuracy: expect.any(Number), low: expect.any(Number), high: expect.any(Number) },
    ]);
    expect(accuracy[0].accuracy).toBeGreaterThan(0.95);
  });

  it("agrees with a fine search in one dimension", async () => {
    const records = separablePairs([1], 200, 0.2);
    const { weight, strength, training } = await fit(1, records);
    const differences = training.map(({ values }) => values[0] - values[1]);
    const deviation = Math.sqrt(differences.reduce((sum, d) => sum + d * d, 0) / differences.length);
    const loss = (u: number): number =>
      differences.reduce((sum, d) => sum + Math.log1p(Math.exp((-u * d) / deviation)), 0) / differences.length + (strength / 2) * u * u;
    const grid = Array.from({ length: 40_001 }, (_, step) => step / 10_000);
    const least = grid.reduce((low, u) => (loss(u) < loss(low) ? u : low));
    expect(weight[0] * deviation).toBeCloseTo(least, 3);
  });

  it("regularises noise away, and certainty hardly", async () => {
    const noise = await fit(20, separablePairs([1, ...Array<number>(19).fill(0)], 300, 0.5));
    const certain = await fit(5, separablePairs(direction, 300));
    expect(noise.strength).toBeGreaterThan(0.1);
    expect(certain.strength).toBeLessThan(0.01);
    expect(certain.strongest).toBe(false);
    for (const { strength, trials } of [noise, certain]) {
      expect(strength).toBe(best(trials).strength);
      expect(Math.min(...trials.map(({ loss }) => loss))).toBe(best(trials).loss);
    }
  });

  it("says when nothing did better than the strongest regularisation", async () => {
    const noise = await fit(60, separablePairs([1, ...Array<number>(59).fill(0)], 60, 0.5, 3));
    expect(noise.strongest).toBe(true);
  });

  it("refuses pairs that cancel out", async () => {
    const records = separablePairs(direction, 60).flatMap((one, index) => {
      const values = [...one.values.subarray(5), ...one.values.subarray(0, 5)];
      return [one, record(1000 + index, [END], values, { promptHash: one.promptHash })];
    });
    await expect(fit(5, records)).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining("the pairs teach nothing"),
    });
  });

  it("gives rewards of mean 0 and deviation 1 on the pairs it was fitted on", async () => {
    const records = separablePairs(direction, 100);
    const { weight, shift, scale, training } = await fit(5, records);
    const rewards = training.flatMap(({ values }) =>
      [0, 5].map((at) => (weight.reduce((sum, w, i) => sum + w * values[at + i], 0) - shift) / scale),
    );
    const mean = rewards.reduce((a, b) => a + b) / rewards.length;
    expect(mean).toBeCloseTo(0, 9);
    expect(rewards.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rewards.length).toBeCloseTo(1, 9);
  });

  it("ignores features that never vary, and is the same every time", async () => {
    const records = separablePairs([1, 2], 60).map(({ values, ...rest }) => {
      return { ...rest, values: Float32Array.of(values[0], values[1], 5, values[2], values[3], 5) };
    });
    const first = await fit(3, records);
    expect(first.weight[2]).toBe(0);
    expect(await fit(3, records)).toEqual(first);
  });
});

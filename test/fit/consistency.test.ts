import { describe, expect, it } from "vitest";
import { BRADLEY_TERRY } from "../../src/fit/bradley-terry.js";
import { ENDING, FOLLOWING, FOLLOWING_SHARE } from "../../src/fit/consistency.js";
import { LEVEL } from "../../src/fit/cross-validate.js";
import type { FeatureRecord } from "../../src/fit/feature-record.js";
import { fitHead } from "../../src/fit/fit-head.js";
import { meanLoss, totalLoss } from "../../src/fit/mean-loss.js";
import { END, TURN_END } from "../../src/fit/prefixes.js";
import { fitAll, problemOf, TO_FIT, unfitted } from "../../src/fit/regression.js";
import { splitPairs } from "../../src/fit/split.js";
import { Random } from "../helpers/random.js";
import { featureFile, record } from "./features.js";

const all = () => true;
const LENGTH = 3;

async function pairsOf(records: readonly FeatureRecord[]) {
  return { features: await featureFile(LENGTH, records), roleOf: () => 0, signal: undefined };
}

/**
 * Pairs read at 4 and 8 tokens and both ends. The first feature tells the sides apart; the second is 0 in texts and about 5 at the end of the
 * turn, where it is higher on the chosen side: the tempting way to rank endings, and the one that gives them a level of their own.
 */
function pairsWithEndings(count: number, seed: number): FeatureRecord[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    const places = [0, 1, END, TURN_END];
    const sides = [0.3, -0.3].map((sign) => ({ sign, own: random.normals(LENGTH, 1) }));
    const values = places.flatMap((place) =>
      sides.flatMap(({ sign, own }) => {
        const [a, b, c] = random.normals(LENGTH, 0.2);
        return [sign + own[0] + a, place === TURN_END ? 5 + sign + b : b, own[2] + c];
      }),
    );
    return record(index + 1, places, values);
  });
}

describe("the consistency loss", () => {
  // Chosen rows (1, 0, 2), (3, 1, 0), (0, 0, 1), (4, 4, 4); rejected rows are zero.
  const rows = [
    [1, 0, 2],
    [3, 1, 0],
    [0, 0, 1],
    [4, 4, 4],
  ];
  const records = [
    record(
      1,
      [0, 2, END, TURN_END],
      rows.flatMap((row) => [...row, 0, 0, 0]),
    ),
    record(2, [END, TURN_END], [9, 9, 9, 0, 0, 0, 9, 9, 9, 0, 0, 0], { kind: "repetition" }),
    record(3, [END], [7, 7, 7, 0, 0, 0]),
  ];
  const weight = Float64Array.of(0.5, -1, 0.25);

  it("is half the square of what each place adds to the one before, in preferred responses that are read on", async () => {
    const pairs = await pairsOf(records);
    const rewards = rows.map((row) => row.reduce((sum, value, i) => sum + value * weight[i], 0));
    const [ending] = await meanLoss(pairs, ENDING, [{ weight, includes: all }]);
    expect(ending.value).toBeCloseTo((rewards[3] - rewards[2]) ** 2 / 2, 12);
    const [following] = await meanLoss(pairs, FOLLOWING, [{ weight, includes: all }]);
    expect(following.value).toBeCloseTo(((rewards[1] - rewards[0]) ** 2 / 2 + (rewards[2] - rewards[1]) ** 2 / 2) / 2, 12);
  });

  it("adds up with others to the gradient that differences show", async () => {
    const pairs = await pairsOf(records);
    const parts = [
      { loss: BRADLEY_TERRY, factor: 1 },
      { loss: ENDING, factor: 3 },
      { loss: FOLLOWING, factor: 0.5 },
    ];
    const at = (i: number, step: number) => ({ weight: weight.map((w, j) => w + (i === j ? step : 0)), includes: all });
    const around = [0, 1, 2].flatMap((i) => [at(i, 1e-5), at(i, -1e-5)]);
    const [{ value, gradient }, ...moved] = await totalLoss(pairs, parts, [{ weight, includes: all }, ...around]);
    const single = await Promise.all(parts.map(async ({ loss, factor }) => factor * (await meanLoss(pairs, loss, [at(0, 0)]))[0].value));
    expect(value).toBeCloseTo(
      single.reduce((a, b) => a + b),
      12,
    );
    for (const i of [0, 1, 2]) expect(gradient[i]).toBeCloseTo((moved[2 * i].value - moved[2 * i + 1].value) / 2e-5, 6);
  });
});

describe("the fit with consistency", () => {
  it("is the minimum that gradient descent finds, written out by hand", async () => {
    const records = pairsWithEndings(60, 3);
    const [strength, consistency] = [0.1, 2];
    const expected = descend(records, strength, consistency);
    const regression = { ...(await pairsOf(records)), deviations: new Float64Array(LENGTH).fill(1) };
    const [fit] = await fitAll(regression, [unfitted(regression, all)], { strength, consistency }, TO_FIT);
    for (const [i, value] of problemOf(regression, fit).weight.entries()) expect(value).toBeCloseTo(expected[i], 5);
  });

  it("gives an ending what the answer is worth, where it had a level of its own", async () => {
    const records = pairsWithEndings(500, 4);
    async function* heads() {
      yield* records;
    }
    const split = await splitPairs(heads(), { heldOut: 0.3, folds: 5, seed: 0 });
    const file = await featureFile(LENGTH, records);
    const without = await fitHead(file, split, { consistency: 0 });
    const found = await fitHead(file, split);
    expect(without.endLevel?.difference).toBeGreaterThan(1);
    expect(found.endLevel).toMatchObject({ pairs: 150 });
    expect(Math.abs(found.endLevel?.difference ?? 9)).toBeLessThan(2 * LEVEL);
    expect(found.consistency).toBeGreaterThan(0);
    const end = found.accuracy.find(({ tokens }) => tokens === "end");
    expect(end?.accuracy).toBeGreaterThan(0.6);
  });
});

/** Plain gradient descent on the objective, in numbers alone. */
function descend(records: readonly FeatureRecord[], strength: number, consistency: number): number[] {
  const rows = ({ values }: FeatureRecord) =>
    Array.from({ length: values.length / (2 * LENGTH) }, (_, row) =>
      [0, 1].map((side) => [...values.subarray((2 * row + side) * LENGTH, (2 * row + side + 1) * LENGTH)]),
    );
  const minus = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value - b[i]);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  let weight = Array<number>(LENGTH).fill(0);
  for (let step = 0; step < 20_000; step++) {
    const gradient = weight.map((w) => strength * w);
    const add = (vector: readonly number[], factor: number) => {
      for (const [i, value] of vector.entries()) gradient[i] += (factor * value) / records.length;
    };
    for (const each of records) {
      const read = rows(each);
      for (const [chosen, rejected] of read) {
        const difference = minus(chosen, rejected);
        add(difference, -1 / (1 + Math.exp(dot(weight, difference))) / read.length);
      }
      for (const [row, factor] of [
        [1, (consistency * FOLLOWING_SHARE) / 2],
        [2, (consistency * FOLLOWING_SHARE) / 2],
        [3, consistency],
      ]) {
        const difference = minus(read[row][0], read[row - 1][0]);
        add(difference, factor * dot(weight, difference));
      }
    }
    if (Math.hypot(...gradient) < 1e-9) break;
    weight = weight.map((w, i) => w - 0.01 * gradient[i]);
  }
  return weight;
}

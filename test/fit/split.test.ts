import { describe, expect, it } from "vitest";
import type { RecordHead } from "../../src/fit/feature-record.js";
import { HELD_OUT, SHARED, splitPairs } from "../../src/fit/split.js";
import { record } from "./features.js";

const OPTIONS = { heldOut: 0.2, folds: 5, seed: 0 };
const pairs = (count: number, prompts = count): RecordHead[] =>
  Array.from({ length: count }, (_, index) =>
    record(index + 1, [6], [], { promptHash: record(1000 + (index % prompts), [], []).pairHash }),
  );

async function* each(records: readonly RecordHead[]) {
  yield* records;
}

const split = (records: readonly RecordHead[], options: Partial<typeof OPTIONS> = {}) =>
  splitPairs(each(records), { ...OPTIONS, ...options });

describe("the split", () => {
  it("holds out a share or a count, and folds the rest about evenly", async () => {
    const records = pairs(500);
    expect(await split(records)).toMatchObject({ training: 400, heldOut: 100 });
    expect(await split(records, { heldOut: 37 })).toMatchObject({ training: 463, heldOut: 37 });
    expect(await split(records, { heldOut: 0 })).toMatchObject({ training: 500, heldOut: 0 });
    const { roleOf } = await split(records);
    const folds = [0, 1, 2, 3, 4].map((fold) => records.filter((one) => roleOf(one) === fold).length);
    expect(folds.reduce((a, b) => a + b)).toBe(400);
    for (const size of folds) expect(size).toBeGreaterThan(50);
  });

  it("depends on seed and content, not on order", async () => {
    const records = pairs(200);
    const names = async (list: readonly RecordHead[], seed: number) => {
      const { roleOf } = await split(list, { seed });
      return new Set(list.filter((one) => roleOf(one) === HELD_OUT).map(({ pairHash }) => pairHash));
    };
    expect(await names([...records].reverse(), 0)).toEqual(await names(records, 0));
    expect(await names(records, 1)).not.toEqual(await names(records, 0));
  });

  it("keeps pairs of one prompt together, unless they are too many", async () => {
    const records = pairs(400, 40);
    const { roleOf, heldOut } = await split(records);
    const places = new Map<bigint, Set<number>>();
    for (const one of records) places.set(one.promptHash, (places.get(one.promptHash) ?? new Set()).add(roleOf(one)));
    expect([...places.values()].every(({ size }) => size === 1)).toBe(true);
    expect(heldOut).toBe(80);
    expect(await split(pairs(400, 1))).toMatchObject({ training: 320, heldOut: 80 });
  });

  it("takes a held-out file's pairs as they are, and none that could not be read", async () => {
    const records = [...pairs(20), record(99, [6], [], { heldOut: true }), record(98, [], [])];
    const found = await split(records, { heldOut: 0 });
    expect(found).toMatchObject({ training: 20, heldOut: 1 });
    expect(records.filter((one) => found.roleOf(one) === HELD_OUT)).toEqual([records[20]]);
  });

  it("takes no pair both for fitting and for checking", async () => {
    const own = pairs(20);
    const given = [...own.slice(0, 3), record(99, [6], [])].map((one) => ({ ...one, heldOut: true }));
    const found = await split([...own, ...given], { heldOut: 0 });
    expect(found).toMatchObject({ training: 20, heldOut: 1, shared: 3 });
    expect(given.map(found.roleOf)).toEqual([SHARED, SHARED, SHARED, HELD_OUT]);
    expect(own.every((one) => found.roleOf(one) >= 0)).toBe(true);
  });
});

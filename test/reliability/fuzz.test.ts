/** A little of `npm run check:reliability -- fuzz`. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { caseOf, fuzzed } from "./fuzz/fuzz.js";
import { bytesOf, GENERATED } from "./fuzz/originals.js";
import { putTogether, takeApart } from "./fuzz/pieces.js";
import { summed } from "./part.js";

test("an original that is taken apart and put together is as it was", () => {
  for (const name of GENERATED) {
    const bytes = bytesOf(name);
    expect(bytes && putTogether(takeApart(bytes)).equals(bytes), name).toBe(true);
  }
});

test("a seed gives the same file again, and another one another", () => {
  const digest = (seed: number) =>
    createHash("sha256")
      .update(caseOf(seed, GENERATED)?.bytes ?? "")
      .digest("hex");
  for (const seed of [1, 2, 3, 4, 5, 6]) expect(digest(seed)).toBe(digest(seed));
  expect(digest(1)).not.toBe(digest(1 + GENERATED.length));
});

test("two hundred damaged files end no process, and hang none", { timeout: 300_000 }, async () => {
  const findings = await fuzzed({ seed: 1, say: () => {} }, { count: 200, names: GENERATED });
  expect(findings.flatMap(({ failures }) => failures)).toEqual([]);
  const outcomes = summed(findings);
  expect(Object.values(outcomes).reduce((sum, times) => sum + times, 0)).toBe(200);
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(["loads and decodes", "MODEL_INVALID", "DECODE_FAILED"]));
});

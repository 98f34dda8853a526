/** A little of each part of `npm run check:reliability`; its fuzzing is in fuzz.test.ts, its workers and processes in test/lifetime. */
import { expect, test, vi } from "vitest";
import { concurrent } from "./concurrency.js";
import { fullDisk, whyNoDisk } from "./disk.js";
import { hugeSizes } from "./huge.js";
import { changedFiles } from "./mapped.js";
import { shortOfMemory } from "./memory.js";
import { type Finding, summed } from "./part.js";

vi.setConfig({ testTimeout: 300_000 });

const QUIET = { seed: 1, say: () => {} };
const linux = process.platform === "linux";

/** All held; what came how often. */
function holds(findings: readonly Finding[]): Record<string, number> {
  expect(findings.flatMap(({ failures }) => failures)).toEqual([]);
  return summed(findings);
}

test("forty calls at once on four slots, a third of them aborted, are what they would be alone", async () => {
  expect(holds(await concurrent(QUIET, 40))).toMatchObject({ "its solo run": expect.any(Number), BUSY: expect.any(Number) });
});

test.runIf(linux)("address space runs out: an error of the call", async () => {
  expect(Object.keys(holds(await shortOfMemory({ ...QUIET, seed: 2 }, 4)))).toContain("OUT_OF_MEMORY");
});

test.runIf(linux)("sizes that no machine has room for", async () => {
  expect(Object.keys(holds(await hugeSizes()))).toEqual(expect.arrayContaining(["OUT_OF_MEMORY", "OPTION_INVALID"]));
});

test.skipIf(whyNoDisk() !== undefined)("a disk gets full: the command says so, and goes on once there is room", async () => {
  const outcomes = holds(await fullDisk(QUIET, { each: 2, writers: ["score --out", "convert opt"] }));
  expect(outcomes).toEqual({ "FILE_UNWRITABLE, then the same output": 4 });
});

test.skipIf(process.platform === "win32")("model files change while they are in use", async () => {
  expect(holds(await changedFiles(QUIET, 1))).toMatchObject({ same: expect.any(Number) });
});

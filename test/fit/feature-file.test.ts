import { appendFile, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { FeatureFile } from "../../src/fit/feature-file.js";
import type { FeatureRecord } from "../../src/fit/feature-record.js";
import { KEY, record, scratchPath } from "./features.js";

const RECORDS = [
  record(1, [0, 6], [1, 2, 3, 4, 5, 6, 7, 8]),
  record(2, [], [], { cut: true }),
  record(3, [6], [0.5, -1, 1e-9, 3e8], { heldOut: true, promptHash: 2n ** 64n - 1n }),
  record(3, [8, 9], [1, 2, 3, 4, 5, 6, 7, 8], { kind: "repetition", heldOut: true, cut: true }),
];

async function write(path: string, records: readonly FeatureRecord[]): Promise<void> {
  const file = await FeatureFile.open(path, 2, KEY);
  for (const each of records) await file.append(each);
  await file.close();
}

/** Goes on with a file as a new run does; returns the records it holds then, and which it had to write. */
async function goOn(path: string, records: readonly FeatureRecord[], key = KEY) {
  const file = await FeatureFile.open(path, 2, key);
  const written: number[] = [];
  for (const [index, each] of records.entries()) {
    if ((await file.pass(each)) !== undefined) continue;
    written.push(index);
    await file.append(each);
  }
  await file.dropRest();
  const found: FeatureRecord[] = [];
  for await (const batch of file.batches()) found.push(...batch.map((each) => ({ ...each, values: each.values.slice() })));
  await file.close();
  return { found, written };
}

describe("a feature file", () => {
  it("gives back what was written", async () => {
    const path = await scratchPath();
    await write(path, RECORDS);
    expect(await goOn(path, RECORDS)).toEqual({ found: RECORDS, written: [] });
  });

  it("goes on after half a record, wherever it was cut", async () => {
    const path = await scratchPath();
    await write(path, RECORDS.slice(0, 1));
    const whole = (await stat(path)).size;
    for (const cut of [0, 1, 23, 24, 30]) {
      await write(path, RECORDS);
      await truncate(path, whole + cut);
      expect((await goOn(path, RECORDS)).found).toEqual(RECORDS);
    }
    await truncate(path, 3);
    expect(await goOn(path, RECORDS)).toEqual({ found: RECORDS, written: [0, 1, 2, 3] });
  });

  it("drops what belongs to other pairs, another key or nobody", async () => {
    const path = await scratchPath();
    await write(path, RECORDS);
    const others = [RECORDS[0], record(9, [6], [1, 1, 1, 1]), RECORDS[2]];
    expect(await goOn(path, others)).toEqual({ found: others, written: [1, 2] });
    expect((await goOn(path, others, Buffer.alloc(32, 1))).written).toEqual([0, 1, 2]);
    expect((await goOn(path, others.slice(0, 1), Buffer.alloc(32, 1))).found).toEqual(others.slice(0, 1));
    await appendFile(path, "x".repeat(100));
    expect((await goOn(path, others.slice(0, 1), Buffer.alloc(32, 1))).found).toEqual(others.slice(0, 1));
  });

  it("holds more than it reads at once", async () => {
    const path = await scratchPath();
    const length = 300_000;
    const file = await FeatureFile.open(path, length, KEY);
    for (let index = 1; index <= 5; index++) await file.append(record(index, [5, 6], new Float32Array(4 * length).fill(index)));
    const seen: number[] = [];
    for await (const batch of file.batches()) for (const { values } of batch) seen.push(values[0], values[4 * length - 1]);
    await file.remove();
    expect(seen).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    await expect(stat(path)).rejects.toThrow();
  });

  it("goes with remove() alone", async () => {
    const path = await scratchPath();
    for (const end of ["close", "suspend", "remove"] as const) {
      const file = await FeatureFile.open(path, 2, KEY);
      await file.append(RECORDS[0]);
      await file[end]();
      expect(await readdir(dirname(path))).toEqual(end === "remove" ? [] : ["x.features"]);
    }
  });

  it.each(["my notes", "ARGSFITS and more", "\0"])("is not begun over a file of somebody else's: %o", async (content) => {
    const path = await scratchPath();
    await writeFile(path, content);
    await expect(FeatureFile.open(path, 2, KEY)).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
      message: `cannot write ${path}: the file there is not argsearch's; move it, or name another output`,
    });
    expect(await readFile(path, "utf8")).toBe(content);
  });

  it("cannot be a directory", async () => {
    const path = await scratchPath();
    await mkdir(path);
    await expect(FeatureFile.open(path, 2, KEY)).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    expect(await readdir(dirname(path))).toEqual(["x.features"]);
  });

  it("cannot be where no file can be", async () => {
    await expect(FeatureFile.open("/nowhere/x.features", 2, KEY)).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
  });
});

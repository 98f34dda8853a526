/** Feature files of synthetic pairs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { FeatureFile } from "../../src/fit/feature-file.js";
import type { FeatureRecord } from "../../src/fit/feature-record.js";
import { END } from "../../src/fit/prefixes.js";
import { Random } from "../helpers/random.js";

export const KEY = Buffer.alloc(32, 7);

export async function scratchPath(name = "x.features"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "argsearch-fit-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/** A record whose rows are chosen and rejected side by side. */
export function record(
  index: number,
  places: readonly number[],
  values: ArrayLike<number>,
  rest: Partial<FeatureRecord> = {},
): FeatureRecord {
  const hash = BigInt(index) * 0x9e3779b97f4a7c15n;
  const pairHash = BigInt.asUintN(64, hash);
  return { kind: "pair", pairHash, promptHash: pairHash, heldOut: false, cut: false, places, values: Float32Array.from(values), ...rest };
}

export async function featureFile(rowLength: number, records: readonly FeatureRecord[]): Promise<FeatureFile> {
  const file = await FeatureFile.open(await scratchPath(), rowLength, KEY);
  onTestFinished(() => file.close());
  for (const each of records) await file.append(each);
  return file;
}

/** Pairs read at the end alone, whose chosen side has the higher `direction · h` except for a share of wrong labels. */
export function separablePairs(direction: readonly number[], count: number, wrong = 0, seed = 1): FeatureRecord[] {
  const random = new Random(seed);
  const reward = (side: Float32Array): number => side.reduce((sum, value, i) => sum + value * direction[i], 0);
  return Array.from({ length: count }, (_, index) => {
    const sides = [random.normals(direction.length, 1), random.normals(direction.length, 1)];
    sides.sort((a, b) => reward(b) - reward(a));
    if (random.uniform() < wrong) sides.reverse();
    return record(index + 1, [END], [...sides[0], ...sides[1]]);
  });
}

/** Random models on disk, for as long as a test file runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Decoder, type LoadOptions, load } from "../../src/index.js";
import { type ModelFolder, modelsIn, type StoredPair } from "./stored-models.js";

export type { ModelFolder, StoredModel, StoredPair } from "./stored-models.js";

/** A temporary folder that goes when the test file is done. */
export function modelFolder(): ModelFolder {
  const folder = mkdtempSync(join(tmpdir(), "argsearch-models-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return modelsIn(folder);
}

/** Loads a pair on one thread of the CPU, runs the work, and frees everything. */
export async function withPair<T>(
  { policy, reward }: StoredPair,
  work: (decoder: Decoder) => Promise<T>,
  options: LoadOptions = {},
): Promise<T> {
  const decoder = await load({ policy: policy.path, reward: reward.path, gpu: false, threads: 1, ...options });
  try {
    return await work(decoder);
  } finally {
    await decoder.dispose();
  }
}

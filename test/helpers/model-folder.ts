/** Random models on disk, for as long as a test file runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Decoder, type LoadOptions, load } from "../../src/index.js";
import { type RandomModel, type RandomModelOptions, writeRandomModel } from "./random-model.js";

export interface StoredModel {
  path: string;
  model: RandomModel;
}

export interface StoredPair {
  policy: StoredModel;
  reward: StoredModel;
}

export interface ModelFolder {
  write(options: RandomModelOptions): StoredModel;
  /** A policy and a reward model with one label. `seed` makes both; they share nothing but the vocabulary. */
  writePair(seed: number, policy?: Partial<RandomModelOptions>, reward?: Partial<RandomModelOptions>): StoredPair;
}

/** A temporary folder that goes when the test file is done. */
export function modelFolder(): ModelFolder {
  const folder = mkdtempSync(join(tmpdir(), "argsearch-models-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let files = 0;
  const write = (options: RandomModelOptions): StoredModel => {
    const path = join(folder, `${++files}.gguf`);
    return { path, model: writeRandomModel(path, options) };
  };
  return {
    write,
    writePair: (seed, policy = {}, reward = {}) => ({
      policy: write({ seed: 2 * seed, ...policy }),
      reward: write({ seed: 2 * seed + 1, labels: ["reward"], ...reward }),
    }),
  };
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

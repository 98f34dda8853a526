/** Random models on disk. */
import { join } from "node:path";
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

/** Writes models into a folder. */
export function modelsIn(folder: string): ModelFolder {
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

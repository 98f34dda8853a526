/** A pair whose prompt takes long enough for something to happen meanwhile. */
import { dirname, join } from "node:path";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";
import type { ModelFolder, StoredPair } from "../helpers/stored-models.js";

/** Beside the pair lies an OPT that can be converted, in the folder "opt". */
export function slowPair(folder: ModelFolder): StoredPair {
  const shape = { vocabulary: ALL_BYTES, layers: 3, embedding: 128, heads: 4, kvHeads: 4, feedForward: 256, contextLength: 1024 };
  const pair = folder.writePair(70, shape, shape);
  writeOpt(join(dirname(pair.policy.path), "opt"), randomOpt(71));
  return pair;
}

/** About 700 tokens. */
export const LONG_PROMPT = "all work and no play makes Jack a dull boy. ".repeat(16);

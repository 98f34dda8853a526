/** A pair whose prompt takes long enough for something to happen meanwhile. */
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import type { ModelFolder, StoredPair } from "../helpers/model-folder.js";

export function slowPair(folder: ModelFolder): StoredPair {
  const shape = { vocabulary: ALL_BYTES, layers: 3, embedding: 128, heads: 4, kvHeads: 4, feedForward: 256, contextLength: 1024 };
  return folder.writePair(70, shape, shape);
}

/** About 700 tokens. */
export const LONG_PROMPT = "all work and no play makes Jack a dull boy. ".repeat(16);

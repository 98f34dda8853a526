/** The embedded pair in F32: there a token does not depend on what else is in its batch, and responses can be compared token by token. */
import { join } from "node:path";
import { binding } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { EMBEDDED } from "../../src/index.js";

export interface PairFiles {
  policy: string;
  reward: string;
}

export async function writeF32Pair(folder: string): Promise<PairFiles> {
  openEngine({ engineDir: undefined, gpu: false });
  const pair = { policy: join(folder, "policy-f32.gguf"), reward: join(folder, "reward-f32.gguf") };
  for (const which of ["policy", "reward"] as const) await binding().quantizeGguf(EMBEDDED[which], pair[which], "f32", 1);
  return pair;
}

/** Random models of the shape of SmolLM2-135M: as slow as the real ones, and made without a network. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { binding } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { packageRoot } from "../../src/package-root.js";
import { writeRandomModel } from "../../test/helpers/random-model.js";
import { LargeVocabulary } from "./large-vocabulary.js";

const FOLDER = join(packageRoot, ".cache", "bench");
const VOCABULARY = 49_152;

/** Path of a 135M-shape model with a reward head, weights in `type`; made on first use. Another seed: another model of the same vocabulary. */
export async function shape135m(type: string, seed = 1): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const name = seed === 1 ? "135m" : `135m-${seed}`;
  const path = join(FOLDER, `${name}-${type}.gguf`);
  if (existsSync(path)) return path;
  const f32 = join(FOLDER, `${name}-f32.gguf`);
  if (!existsSync(f32)) {
    process.stderr.write("making a random model of 135M parameters …\n");
    writeRandomModel(`${f32}.part`, {
      seed,
      layers: 30,
      embedding: 576,
      heads: 9,
      kvHeads: 3,
      feedForward: 1536,
      contextLength: 8192,
      tied: true,
      vocabulary: new LargeVocabulary(VOCABULARY),
      labels: ["reward"],
    });
    renameSync(`${f32}.part`, f32);
  }
  if (type !== "f32") {
    openEngine({ engineDir: undefined, gpu: false });
    await binding().quantizeGguf(f32, `${path}.part`, type, availableParallelism());
    renameSync(`${path}.part`, path);
  }
  return path;
}

export function discardModels(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

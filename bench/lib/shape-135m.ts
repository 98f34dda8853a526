/** Random models of the shape of SmolLM2-135M: as slow as the real ones, and made without a network. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { binding } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { packageRoot } from "../../src/package-root.js";
import { ByteVocabulary } from "../../test/helpers/byte-vocabulary.js";
import type { GgufValue } from "../../test/helpers/gguf-writer.js";
import { writeRandomModel } from "../../test/helpers/random-model.js";

const FOLDER = join(packageRoot, ".cache", "bench");
const VOCABULARY = 49_152;

/** Tokens that no text has fill the vocabulary up: its size is what costs time. */
class LargeVocabulary extends ByteVocabulary {
  override get size(): number {
    return VOCABULARY;
  }

  override metadata(addBos: boolean): Record<string, GgufValue> {
    const small = super.metadata(addBos);
    const fill = Array.from({ length: VOCABULARY - super.size }, (_, index) => `filler${index}`);
    return {
      ...small,
      "tokenizer.ggml.tokens": { type: "string[]", value: [...items<string>(small, "tokenizer.ggml.tokens"), ...fill] },
      "tokenizer.ggml.token_type": { type: "i32[]", value: [...items<number>(small, "tokenizer.ggml.token_type"), ...fill.map(() => 1)] },
    };
  }
}

function items<T>(metadata: Record<string, GgufValue>, key: string): T[] {
  const value = metadata[key]?.value;
  if (!Array.isArray(value)) throw new Error(`${key} is not a list`);
  return value as T[];
}

/** Path of a 135M-shape model with a reward head, weights in `type`; made on first use. */
export async function shape135m(type: string): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `135m-${type}.gguf`);
  if (existsSync(path)) return path;
  const f32 = join(FOLDER, "135m-f32.gguf");
  if (!existsSync(f32)) {
    process.stderr.write("making a random model of 135M parameters …\n");
    writeRandomModel(`${f32}.part`, {
      seed: 1,
      layers: 30,
      embedding: 576,
      heads: 9,
      kvHeads: 3,
      feedForward: 1536,
      contextLength: 8192,
      tied: true,
      vocabulary: new LargeVocabulary(Array(256).keys()),
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

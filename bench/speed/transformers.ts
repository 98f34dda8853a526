/** The published algorithm with caches, where Python has torch and transformers: bench/programs/transformers_args.py. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { inspect } from "../../src/index.js";
import { packageRoot } from "../../src/package-root.js";
import { LineChild } from "./line-child.js";
import { Outsider, PromptTokens, type Rivalry, SPIN_MS } from "./outsider.js";

export const TRANSFORMERS = "transformers, torch bf16, both caches";

const PYTHON = process.env.ARGSEARCH_PYTHON ?? "python3";

/** Why it cannot be measured; undefined where it can. */
export function whyNoTransformers(): string | undefined {
  const { status, error } = spawnSync(PYTHON, ["-c", "import torch, transformers"], { encoding: "utf8" });
  if (status === 0) return undefined;
  return error === undefined ? `${PYTHON} has no torch and transformers (ARGSEARCH_PYTHON names another)` : `there is no ${PYTHON}`;
}

/** A random model of the policy's shape; undefined for what is no llama. */
export async function transformersRival(rivalry: Rivalry): Promise<{ contenders: Outsider[]; child: LineChild } | undefined> {
  const { decoder, contextSize, topK, threads, gpu } = rivalry;
  const { architecture, metadata, layers, embeddingLength, vocabulary } = await inspect(decoder.info.policy.path);
  if (architecture !== "llama") return undefined;
  const numbers = ["attention.head_count", "attention.head_count_kv", "feed_forward_length"].map((key) => metadata[`llama.${key}`]);
  const args = [layers, embeddingLength, ...numbers, vocabulary, contextSize + 8, topK, threads, gpu ? "cuda" : "cpu"].map(String);
  const child = new LineChild(PYTHON, [join(packageRoot, "bench", "programs", "transformers_args.py"), ...args]);
  return { contenders: [new Outsider(TRANSFORMERS, "args", child, new PromptTokens(rivalry), { spinMs: SPIN_MS })], child };
}

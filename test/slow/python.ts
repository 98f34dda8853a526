/** What the slow tests that take Python have in common. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../src/package-root.js";

/** ARGSEARCH_PYTHON, or python3. */
export const python = process.env.ARGSEARCH_PYTHON ?? "python3";

const modules = "import torch, transformers, tokenizers, sentencepiece, gguf";
/** It has what training/requirements.txt lists. */
export const pythonReady = spawnSync(python, ["-c", modules], { stdio: "ignore" }).status === 0;
if (!pythonReady) console.warn(`not tested: "${python} -c '${modules}'" fails; name a Python that has them in ARGSEARCH_PYTHON`);

/** llama.cpp's source, for its converter and its vocabularies. ARGSEARCH_CONVERTER names it, else it is fetched. */
export function llamaSource(): string {
  if (process.env.ARGSEARCH_CONVERTER !== undefined) return process.env.ARGSEARCH_CONVERTER;
  const script = join(packageRoot, "scripts", "headers.mjs");
  return execFileSync(process.execPath, [script, "--source"], { encoding: "utf8" }).trim();
}

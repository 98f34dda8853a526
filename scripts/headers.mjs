// Brings llama.cpp's headers, of exactly the release that the engine packages were built from, into .cache/.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkOut, version } from "./lib/llama-source.mjs";
import { main, place, root, step } from "./lib/run.mjs";

const cache = join(root, ".cache", "llama.cpp");
const headersDir = join(cache, version);
export const sourceDir = join(cache, `${version}-source`);

/** What the build and the tests use: headers, and tokenizers of real models. */
const wanted = [
  "LICENSE",
  "include",
  "ggml/include",
  "models/ggml-vocab-gpt-2.gguf",
  "models/ggml-vocab-llama-bpe.gguf",
  "models/ggml-vocab-llama-spm.gguf",
];

export function headersMissing() {
  return !existsSync(headersDir);
}

/** `source` keeps the whole llama.cpp tree as well, for its converter scripts. */
export function fetchHeaders({ source = false } = {}) {
  if (!headersMissing() && !(source && !existsSync(sourceDir))) return;
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, "fetch-"));
  try {
    const tree = checkOut(temporary, source ? [] : wanted);
    for (const path of wanted) {
      const target = join(temporary, "headers", path);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(tree, path), target, { recursive: true });
    }
    place(join(temporary, "headers"), headersDir);
    if (source) place(tree, sourceDir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

await main(import.meta.url, (args) => {
  const source = args.includes("--source");
  step("llama.cpp headers", () => fetchHeaders({ source }));
  if (source) console.log(sourceDir);
});

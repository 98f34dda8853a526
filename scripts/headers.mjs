// Brings llama.cpp's headers, of exactly the release that the engine packages were built from, into .cache/.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkOut, version } from "./lib/llama-source.mjs";
import { main, place, root, step } from "./lib/run.mjs";

const cache = join(root, ".cache", "llama.cpp");
const headersDir = join(cache, version);
export const sourceDir = join(cache, `${version}-source`);

/** What `npm run rpc` compiles. */
const rpcSources = [
  "ggml/include",
  "ggml/src/ggml-rpc",
  "ggml/src/ggml-impl.h",
  "ggml/src/ggml-backend-impl.h",
  "tools/rpc/rpc-server.cpp",
];

/** What the build and the tests use: headers, the RPC backend, and tokenizers of real models. */
const wanted = [
  ...["LICENSE", "include", ...rpcSources],
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

/** A folder with the RPC backend's source: the headers' own, or, where that is of a version of this script that left it out, another. */
export function fetchRpcSources() {
  const dirs = [headersDir, join(cache, `${version}-rpc`)];
  const has = (dir) => rpcSources.every((path) => existsSync(join(dir, path)));
  if (headersMissing()) fetchHeaders();
  const found = dirs.find(has);
  if (found !== undefined) return found;
  const temporary = mkdtempSync(join(cache, "fetch-"));
  try {
    place(checkOut(temporary, rpcSources), dirs[1]);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return dirs[1];
}

await main(import.meta.url, (args) => {
  const source = args.includes("--source");
  step("llama.cpp headers", () => fetchHeaders({ source }));
  if (source) console.log(sourceDir);
});

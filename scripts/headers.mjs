// Brings llama.cpp's headers, of exactly the release that the engine packages were built from, into .cache/.
// node-llama-cpp's tarball carries that release as a git bundle. It is no dependency: installing it pulls every GPU engine.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { requireTools } from "./lib/prerequisites.mjs";
import { Failure, main, npm, root, run, step } from "./lib/run.mjs";

const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const version = optionalDependencies["@node-llama-cpp/linux-x64"];
const integrity = "sha512-E3N0Ev2Va0wzydvXYFwM9Hvyo07PoWjt8T/9GMc43Cvt8YkV/NU/tYUgEMC1grTPv2o9PRjQi0G3Wb5P/awiMg==";

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
  requireTools("git");
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, "fetch-"));
  try {
    clone(temporary, source ? [] : wanted);
    const tree = join(temporary, "tree");
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

/** Checks out `paths`, or everything, of the release into DIR/tree. */
function clone(dir, paths) {
  npm(["pack", `node-llama-cpp@${version}`], {
    cwd: dir,
    purpose: `llama.cpp's headers come from npm's node-llama-cpp@${version}, which takes the network once`,
  });
  const tarball = `node-llama-cpp-${version}.tgz`;
  const found = `sha512-${createHash("sha512")
    .update(readFileSync(join(dir, tarball)))
    .digest("base64")}`;
  if (found !== integrity) throw new Failure(`${tarball} is not the file that scripts/headers.mjs expects: it has ${found}`);

  const bundle = "package/llama/gitRelease.bundle";
  run("tar", ["-xzf", tarball, bundle], { cwd: dir, explain: (output) => `Cannot unpack ${tarball} with tar: ${output}` });
  const explain = (output) => `git cannot read llama.cpp's bundle: ${output}`;
  run("git", ["clone", "--quiet", "--no-checkout", bundle, "tree"], { cwd: dir, explain });
  run("git", ["-C", "tree", "checkout", "--quiet", "HEAD", "--", ...(paths.length > 0 ? paths : ["."])], { cwd: dir, explain });
}

/** Moves a finished folder into place in one rename; another process may have been faster. */
function place(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

await main(import.meta.url, (args) => {
  const source = args.includes("--source");
  step("llama.cpp headers", () => fetchHeaders({ source }));
  if (source) console.log(sourceDir);
});

// Builds the addon: CMake's tree in build/cmake/, the result in build/Release/ where it is looked for first.
// A tree of its own, because node-gyp and prebuildify keep their own files in build/.
//
//   node scripts/build-native.mjs [--debug] [TARGET]
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fetchHeaders, headersMissing } from "./headers.mjs";
import { requireTools } from "./lib/prerequisites.mjs";
import { Failure, main, root, runPackage, step } from "./lib/run.mjs";

export const addon = join(root, "build", "Release", "argsearch.node");

/**
 * `name` is the folder under build/cmake, `define` CMake's cache entries, `args` further arguments of cmake-js.
 * Incremental: a build with nothing to do takes about a second.
 */
export function buildNative({ name = "release", target = addon, config = "Release", define = [], args = [] } = {}) {
  const out = join(root, "build", "cmake", name);
  discardForeignTree(out);
  const defines = define.map((entry) => `--CD${entry}`);
  try {
    const common = ["--log-level", "warn", "--directory", root, "--out", out, "--config", config, ...defines, ...args];
    // A tree that is configured already is built as it is.
    if (define.length > 0) runPackage("cmake-js", ["configure", ...common]);
    runPackage("cmake-js", ["build", "--parallel", String(availableParallelism()), ...common]);
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") throw new Failure("cmake-js is not installed: run `npm install` first.");
    throw error;
  }
  install(join(out, config, "argsearch.node"), target);
}

/** A moved checkout leaves a CMake cache that refers to the old place. */
function discardForeignTree(out) {
  const cache = join(out, "CMakeCache.txt");
  if (!existsSync(cache)) return;
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, "utf8"))?.[1];
  if (home === undefined || resolve(home) !== resolve(root)) rmSync(out, { recursive: true });
}

/** By rename: a running process keeps the file that it has mapped. */
function install(from, to) {
  if (!existsSync(to) || !readFileSync(from).equals(readFileSync(to))) {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  }
  const now = new Date();
  utimesSync(to, now, now); // unchanged but checked: newer than its sources
}

await main(import.meta.url, (argv) => {
  const debug = argv.includes("--debug");
  const target = argv.find((arg) => !arg.startsWith("--")); // given by binding.gyp
  requireTools("compiler", "cmake", "make");
  if (headersMissing()) step("llama.cpp headers", fetchHeaders);
  step("native addon", () =>
    buildNative({
      name: debug ? "debug" : "release",
      config: debug ? "Debug" : "Release",
      target: target ? resolve(root, "build", target) : addon,
    }),
  );
});

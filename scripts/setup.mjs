// Everything between a fresh clone and a package that runs: dependencies, headers, addon, TypeScript. Does what is stale,
// says nothing when nothing is. Runs before there is a node_modules, so it imports from Node alone.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addon, buildNative } from "./build-native.mjs";
import { fetchHeaders, headersMissing } from "./headers.mjs";
import { requireNode, requireTools } from "./lib/prerequisites.mjs";
import { main, npm, root, runPackage, step } from "./lib/run.mjs";
import { isStale } from "./lib/stale.mjs";

export const NATIVE_SOURCES = ["native", "cmake", "CMakeLists.txt", "package.json"];

const PLAYGROUND_SOURCES = ["playground", "src/cli/page/colour.ts", "src/statistics.ts", "tsconfig.json", "package.json"];

export function setup() {
  requireNode(20, 19);
  const headers = headersMissing();
  const native = headers || isStale(addon, NATIVE_SOURCES);
  if (headers) requireTools("git");
  if (native) requireTools("compiler", "cmake", "make");

  if (!dependenciesMatch()) {
    const purpose = "npm ci, which takes the npm registry once";
    step("npm packages", () => npm(["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"], { purpose }));
  }
  if (headers) step("llama.cpp headers", fetchHeaders);
  if (native) step("native addon", buildNative);
  if (isStale(join(root, "dist", "index.js"), ["src", "tsdown.config.ts", "tsconfig.json", "package.json"])) {
    step("TypeScript", () => runPackage("tsdown", []));
  }
  if (isStale(join(root, "dist", "playground", "index.html"), PLAYGROUND_SOURCES)) {
    step("playground", () => runPackage("vite", ["build", "playground", "--logLevel", "warn"]));
  }
}

/** What package-lock.json asks for on this platform is installed, in that version. */
function dependenciesMatch() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const packages = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const present = packages(installed);
  return Object.entries(packages(join(root, "package-lock.json"))).every(([path, wanted]) => {
    if (path === "") return true;
    return present[path] ? present[path].version === wanted.version : wanted.optional && !isForThisPlatform(wanted);
  });
}

function isForThisPlatform({ os, cpu, libc }) {
  if (!os || !cpu) return false; // a dependency of some platform's package
  const hostLibc = process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
  return os.includes(process.platform) && cpu.includes(process.arch) && (!libc || libc.includes(hostLibc));
}

await main(import.meta.url, setup);

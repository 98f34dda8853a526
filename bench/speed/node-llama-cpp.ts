/** The loop that one would write over node-llama-cpp's public API, where that package is at hand: bench/programs/node-llama-cpp.mjs. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/package-root.js";
import { LineChild } from "./line-child.js";
import { Outsider, PromptTokens, type Rivalry, SPIN_MS } from "./outsider.js";

export const NODE_LLAMA_CPP = {
  whole: "node-llama-cpp: each candidate's whole text",
  reuse: "node-llama-cpp: a sequence a candidate",
} as const;

/** Outside of node_modules: it is no dependency of this package. */
const FOLDER = join(packageRoot, ".cache", "bench", "node-llama-cpp");

/** A step of whole texts takes seconds. */
const STEPS = { whole: 2, reuse: Number.POSITIVE_INFINITY } as const;

/** The package's folder, as ARGSEARCH_NODE_LLAMA_CPP names it or as installNodeLlamaCpp() made it; undefined where there is none. */
export function nodeLlamaCppFolder(): string | undefined {
  const places = [process.env.ARGSEARCH_NODE_LLAMA_CPP, join(FOLDER, "node_modules", "node-llama-cpp")];
  return places.find((place) => place !== undefined && existsSync(join(place, "dist", "index.js")));
}

/** Of the engine's own release, without binaries: it finds those that this package depends on. */
export function installNodeLlamaCpp(): void {
  if (nodeLlamaCppFolder() !== undefined) return;
  const { optionalDependencies } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  const version = optionalDependencies["@node-llama-cpp/linux-x64"];
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-save", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", `node-llama-cpp@${version}`];
  const { status } = spawnSync("npm", args, { cwd: FOLDER, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) throw new Error("node-llama-cpp could not be installed");
}

/** `whole`: the slow one, too. */
export function nodeLlamaCppRivals(rivalry: Rivalry, folder: string, whole: boolean): { contenders: Outsider[]; child: LineChild } {
  const { decoder, contextSize, topK, threads } = rivalry;
  const [reward = decoder.info.policy] = decoder.info.rewards;
  const program = join(packageRoot, "bench", "programs", "node-llama-cpp.mjs");
  const numbers = [contextSize + 8, topK, threads].map(String);
  const child = new LineChild(process.execPath, [program, folder, decoder.info.policy.path, reward.path, ...numbers]);
  const tokens = new PromptTokens(rivalry);
  const names = whole ? (["whole", "reuse"] as const) : (["reuse"] as const);
  return {
    contenders: names.map((name) => new Outsider(NODE_LLAMA_CPP[name], name, child, tokens, { steps: STEPS[name], spinMs: SPIN_MS })),
    child,
  };
}

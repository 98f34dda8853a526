/** What the built package exports, in both formats, and what importing it loads. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const FORMATS = ["import", "require"] as const;

/** Values; types are in types.test.ts. */
const NAMES = {
  argsearch: [
    ...["ArgsearchError", "EMBEDDED", "ERROR_CODES", "PAIR_FORMAT_NAMES", "SCORABLE_FORMAT_NAMES", "bannedWords", "devices"],
    ...[
      "generateFile",
      "generateLines",
      "inspect",
      "lengthTarget",
      "load",
      "loadReward",
      "matches",
      "mergeResponses",
      "mergeScores",
      "noRepeat",
      "readPairs",
      "readPrompts",
      "readScorables",
      "readSettings",
      "scoreFile",
      "scoreLines",
      "setLogger",
      "tryDevices",
    ],
  ],
  "argsearch/eval": [
    ...[
      "DEFAULT_METHODS",
      "Embedder",
      "METHOD_NAMES",
      "cosine",
      "diversity",
      "estimate",
      "evaluate",
      "loadEmbedder",
      "mergeEvaluations",
      "pairedTest",
      "parseSweep",
    ],
    ...["repetition", "treebankWords", "tune", "writeReport", "writeTuneReport"],
  ],
  "argsearch/fit": ["fitReward", "predictReward"],
  "argsearch/import": ["MODEL_TYPES", "attachReward", "convertHf", "convertOpt", "importReward", "readRewardHead"],
  "argsearch/bench": ["SPEED_MODES", "measureSpeed", "writeSpeedReport"],
  "argsearch/ai-sdk": ["createArgsearch"],
  "argsearch/server": ["createServer"],
};

/** Runs a program that has the entries, in order, as `entries`; what it gives. */
function withEntries(format: (typeof FORMATS)[number], program: string): unknown {
  const specifiers = Object.keys(NAMES).map((name) => JSON.stringify(name));
  const entries = specifiers.map((name) => (format === "import" ? `await import(${name})` : `require(${name})`));
  const source = `(async () => { const entries = [${entries.join(", ")}]; console.log(JSON.stringify(${program})); })();`;
  const args = [`--input-type=${format === "import" ? "module" : "commonjs"}`, "-e", source];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe.each(FORMATS)("by %s", (format) => {
  it("each entry has exactly its names", () => {
    expect(withEntries(format, "entries.map((entry) => Object.keys(entry).sort())")).toEqual(Object.values(NAMES));
  });

  it("an error of any entry is an ArgsearchError of the first", () => {
    const calls =
      "[entries[0].load, entries[1].evaluate, entries[2].fitReward, entries[3].convertHf, entries[4].measureSpeed, entries[5].createArgsearch, entries[6].createServer]";
    const failures = `(await Promise.allSettled(${calls}.map(async (call) => call({ nonsense: 1 })))).map(({ reason }) => reason)`;
    const told = withEntries(format, `${failures}.map((error) => [error instanceof entries[0].ArgsearchError, error.code])`);
    expect(told).toEqual(Array(7).fill([true, "OPTION_INVALID"]));
  });
});

/** What a text imports or requires by a name that is written out, as a bundler sees it. */
function importedBy(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The entry's text, and that of all that it loads at once. */
function textsOf(name: string, seen = new Map<string, string>()): string[] {
  if (seen.has(name)) return [];
  const text = readFileSync(join(root, "dist", name), "utf8");
  seen.set(name, text);
  for (const next of importedBy(text)) if (next.startsWith("./")) textsOf(next, seen);
  return [...seen.values()];
}

/** Folders of src/ whose code is in them. */
function foldersIn(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => [...text.matchAll(/^\/\/#region src\/([\w-]+)\//gm)].map(([, folder = ""]) => folder)));
}

describe.each(["js", "cjs"])("code in .%s", (extension) => {
  const later = ["ai-sdk", "bench", "cli", "evaluate", "fit", "import", "server"];

  it("of evaluating, fitting and importing is not loaded for decoding", () => {
    const folders = foldersIn(textsOf(`index.${extension}`));
    expect([...folders]).toEqual(expect.arrayContaining(["decode", "engine", "score"]));
    expect(later.filter((folder) => folders.has(folder))).toEqual([]);
    expect([...foldersIn(textsOf(`eval.${extension}`))]).toContain("evaluate");
  });

  it.each(["index", "eval", "fit", "import", "bench", "ai-sdk", "server"])("of %s shows a bundler no package but dependencies", (entry) => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> };
    const names = textsOf(`${entry}.${extension}`).flatMap(importedBy);
    const packages = new Set(
      names.filter((name) => !/^(?:node:|\.)/.test(name)).map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/")),
    );
    expect(names).toContain("node:path");
    expect([...packages].filter((name) => dependencies[name] === undefined)).toEqual([]);
  });
});

/** The package as npm packs it: what it holds, and that whoever has no prebuilt addon can build one from it. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PREBUILT } from "../../src/engine/prebuilt.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "argsearch-package-"));
const unpacked = join(folder, "package");
afterAll(() => rmSync(folder, { recursive: true }));

function shell(command: string, cwd: string): SpawnSyncReturns<string> {
  return spawnSync(command, { cwd, encoding: "utf8", shell: true });
}

/** Paths of a folder's files, from there, with forward slashes. */
function filesOf(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true }) as string[];
  return entries.filter((path) => statSync(join(dir, path)).isFile()).map((path) => path.replaceAll("\\", "/"));
}

let paths: string[];
beforeAll(() => {
  const packed = shell(`npm pack --pack-destination "${folder}"`, root);
  expect(packed.status, packed.stderr).toBe(0);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  expect(shell(`tar -xzf ${tarball}`, folder)).toMatchObject({ status: 0, stderr: "" });
  paths = filesOf(unpacked).sort();
});

describe("npm pack", () => {
  it("takes along the addon of every platform, the library with its types, the models, and all that a build reads", () => {
    for (const { file } of Object.values(PREBUILT)) expect(paths).toContain(file.join("/"));
    const entries = ["index", "eval", "fit", "import"].flatMap((name) =>
      ["js", "cjs", "d.ts", "d.cts"].map((end) => `dist/${name}.${end}`),
    );
    const named = [...entries, "dist/cli.js", "dist/child.js"];
    const models = ["models/policy.gguf", "models/reward.gguf"];
    const native = filesOf(join(root, "native")).map((path) => `native/${path}`);
    const python = filesOf(join(root, "python"))
      .filter((path) => path.endsWith(".py"))
      .map((path) => `python/${path}`);
    const build = ["CMakeLists.txt", "scripts/build-native.mjs", "scripts/headers.mjs", "scripts/converter.mjs"];
    for (const path of [...named, ...models, ...native, ...python, ...build, "LICENSE", "README.md"]) expect(paths).toContain(path);
  });

  it("takes along nothing else", () => {
    const known =
      /^(dist\/[\w.-]+\.(js|js\.map|cjs|d\.ts|d\.cts)|dist\/playground\/(index\.html|assets\/[\w-]+\.(js|css|svg))|models\/(\w+\.gguf|held-out-prompts\.jsonl)|prebuilds\/[\w-]+\/[\w.]+\.node|native\/.*\.(cc|h)|python\/\w+\.py|scripts\/.*\.mjs|examples\/([\w-]+\.mjs|electron\/[\w./-]+\.(js|cjs|json|yml|html|css|md|png))|docs\/[\w-]+\.(md|svg)|[A-Za-z_]+\.(md|txt|json)|LICENSE)$/;
    expect(paths.filter((path) => !known.test(path))).toEqual([]);
  });

  it("holds every file that its scripts import, and no script that nothing asks for", () => {
    const scripts = paths.filter((path) => path.startsWith("scripts/"));
    const imported = scripts.flatMap((path) => {
      const source = readFileSync(join(unpacked, path), "utf8");
      return [...source.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(([, target = ""]) => posix.join(dirname(path), target));
    });
    expect(imported.length).toBeGreaterThan(5);
    expect(imported.filter((path) => !paths.includes(path))).toEqual([]);
    const entries = ["scripts/build-native.mjs", "scripts/headers.mjs", "scripts/converter.mjs"];
    expect(scripts.filter((path) => !entries.includes(path) && !imported.includes(path))).toEqual([]);
  });
});

it("the addon is built from what was packed, and decodes", () => {
  rmSync(join(unpacked, "prebuilds"), { recursive: true });
  const generate = "node dist/cli.js generate --prompt hello --max-tokens 4 --threads 1";
  const without = shell(generate, unpacked);
  expect(without.status).toBe(1);
  // The two commands that the message tells.
  const installed = shell("npm install --no-audit --no-fund --prefer-offline", unpacked);
  expect(installed.status, installed.stderr).toBe(0);
  expect(shell(generate, unpacked).stderr).toMatch(/npm install && npm run build:native \[ADDON_NOT_FOUND\]/);
  const built = shell("npm run build:native", unpacked);
  expect(built.status, built.stderr).toBe(0);
  expect(existsSync(join(unpacked, "build", "Release", "argsearch.node"))).toBe(true);
  const { status, stdout, stderr } = shell(generate, unpacked);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.trim()).not.toBe("");
});

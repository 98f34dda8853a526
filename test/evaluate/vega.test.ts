/** Finding vega and vega-lite beside code that was installed elsewhere, as a global command is. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle } from "../helpers/bundle.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-vega-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let program: string;
beforeAll(async () => {
  const path = await bundle("vega", fileURLToPath(new URL("../../src/evaluate/report/vega.ts", import.meta.url)));
  program = `
    const { loadVega } = await import(${JSON.stringify(pathToFileURL(path))});
    console.log(await loadVega().then(({ vega, compile }) => [vega.version, compile()].join(" "), (error) => error.code + ": " + error.message));`;
});

/** What is printed in a project that has these packages, each of one file. */
function loadedIn(packages: Record<string, { type: "module" | "commonjs"; source: string }>): string {
  const project = mkdtempSync(join(folder, "project-"));
  for (const [name, { type, source }] of Object.entries(packages)) {
    const own = join(project, "node_modules", name);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "package.json"), JSON.stringify({ name, type, exports: "./main.js" }));
    writeFileSync(join(own, "main.js"), source);
  }
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: project, encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim();
}

const esm = (version: string) =>
  ({ type: "module", source: `export const version = "${version}"; export const compile = () => "compiled";` }) as const;
/** Of which Node finds no name but `default`. */
const common = (version: string) =>
  ({ type: "commonjs", source: `const names = { version: "${version}", compile: () => "compiled" }; module.exports = names;` }) as const;

it("takes them as modules of either kind", () => {
  expect(loadedIn({ vega: esm("6.2.0"), "vega-lite": esm("6.1.0") })).toBe("6.2.0 compiled");
  expect(loadedIn({ vega: common("5.33.0"), "vega-lite": common("5.23.0") })).toBe("5.33.0 compiled");
});

it("says what to install, beside what is there", () => {
  const line = (packages: string): string => `DEPENDENCY_MISSING: drawing charts needs vega and vega-lite: npm install ${packages}`;
  expect(loadedIn({})).toBe(line("vega vega-lite"));
  expect(loadedIn({ vega: common("5.33.0") })).toBe(line("vega-lite@5"));
  expect(loadedIn({ "vega-lite": esm("6.1.0") })).toBe(line("vega@6"));
});

it("does not take one that is broken for one that is missing", () => {
  expect(loadedIn({ vega: { type: "module", source: 'import "d3-nowhere";' } })).toMatch(/^ERR_MODULE_NOT_FOUND: .*d3-nowhere/);
});

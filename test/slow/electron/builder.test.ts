/**
 * examples/electron installed from the packed package and packed by electron-builder, both from npm. Electron's binary does not come from
 * there: a copy of Node stands in for it, which the packer renames and sets its fuses in, and which then runs what was packed.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RunningApp } from "../../electron/running-app.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-builder-"));
const example = join(folder, "chat");
const packed = join(example, "dist", "linux-unpacked");
const asar = join(packed, "resources", "app.asar");
const outside = `${asar}.unpacked`;
afterAll(() => rmSync(folder, { recursive: true }));

/** What marks the fuses in Electron's binary, and their state: version 1, nine of them, all on. */
const FUSES = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u0009111111111";

const npm = (args: string[], cwd: string) =>
  execFileSync("npm", [...args, "--no-audit", "--no-fund", "--ignore-scripts"], { cwd, encoding: "utf8" });
const filesOf = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));

function writeStandIn(dir: string, version: string): void {
  mkdirSync(join(dir, "resources"), { recursive: true });
  cpSync(process.execPath, join(dir, "electron"));
  appendFileSync(join(dir, "electron"), FUSES, "latin1");
  writeFileSync(join(dir, "version"), version);
  writeFileSync(join(dir, "LICENSE"), "");
}

beforeAll(() => {
  const [tarball] = JSON.parse(npm(["pack", "--json", "--pack-destination", folder], resolve("."))) as { filename: string }[];
  cpSync("examples/electron", example, { recursive: true });
  npm(["install", join(folder, tarball?.filename as string)], example);
  const { version } = createRequire(join(example, "package.json"))("electron/package.json") as { version: string };
  writeStandIn(join(folder, "electron"), version);
  const builder = join(example, "node_modules", "electron-builder", "cli.js");
  const options = [`-c.electronVersion=${version}`, `-c.electronDist=${join(folder, "electron")}`];
  execFileSync(process.execPath, [builder, "--linux", "dir", ...options], { cwd: example, encoding: "utf8" });
});

it("calls Electron as its types say", () => {
  const options = { allowJs: true, checkJs: true, strict: true, noEmit: true, module: "nodenext", target: "es2023", skipLibCheck: true };
  const libraries = { lib: ["es2023", "dom", "dom.iterable"], types: ["node", "electron"] };
  writeFileSync(join(example, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...options, ...libraries }, include: ["src"] }));
  execFileSync(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", example], { encoding: "utf8" });
});

it.skipIf(process.platform !== "linux")("leaves what native code opens outside the archive, for this platform alone", () => {
  const names = filesOf(outside);
  const native = names.filter((name) => [".node", ".so", ".gguf", ".py"].includes(extname(name)));
  const platform = `${process.platform}-${process.arch}`;
  expect(native).toContainEqual(expect.stringMatching(`^node_modules/argsearch/prebuilds/${platform}/`));
  expect(native).toContainEqual(expect.stringMatching(`^node_modules/@node-llama-cpp/${platform}/bins/${platform}/libllama\\.`));
  for (const name of ["models/policy.gguf", "models/reward.gguf", "python/convert_trunk.py"]) {
    expect(native).toContain(`node_modules/argsearch/${name}`);
  }
  expect(readdirSync(join(outside, "node_modules", "@node-llama-cpp"))).toEqual([platform]);
});

it.skipIf(process.platform !== "linux")("runs as packed", async () => {
  const { extractAll } = createRequire(createRequire(join(example, "package.json")).resolve("app-builder-lib"))("@electron/asar") as {
    extractAll(archive: string, dir: string): void;
  };
  const archive = join(folder, "resources", "app.asar");
  extractAll(asar, archive);
  cpSync(outside, `${archive}.unpacked`, { recursive: true });
  // The extractor puts files from outside back in. To native code they are not there.
  const opened = filesOf(outside).filter((name) => ![".js", ".cjs", ".mjs", ".json"].includes(extname(name)));
  for (const name of opened) if (existsSync(join(archive, name))) writeFileSync(join(archive, name), "packed");
  expect(readFileSync(join(archive, "node_modules/argsearch/models/policy.gguf"), "utf8")).toBe("packed");
  const app = new RunningApp(join(packed, "argsearch-chat"), archive);
  await app.next("ready");
  const { tokens, end } = await app.ask(1, "Can you help me set up a light show?");
  expect(tokens.map(({ text }) => text).join("")).toContain("Here is how to set up a light show.");
  expect(end).toMatchObject({ type: "done", finishReason: "eog" });
  await app.close();
});

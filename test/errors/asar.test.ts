/**
 * The package inside Electron's app.asar, which only Electron's own `fs` reads as a folder: here it is one, whose native files are texts, so
 * that whatever opens them there fails.
 */
import { spawnSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { devices, EMBEDDED } from "../../src/index.js";
import { unpacked } from "../../src/package-root.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-asar-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = fileURLToPath(new URL("../..", import.meta.url));
const { binding } = await import("../../src/engine/binding.js");
devices({ gpu: false });
const engine = binding().currentEngine()?.dir as string;
const enginePackage = join(engine, "..", "..");
const [, engineName] = enginePackage.split("@node-llama-cpp/");

const share = (from: string, to: string): void => {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
};

/** What a packer leaves: everything in the archive, where `native` says what native files are there. */
function pack(app: string, native: (from: string, to: string) => void): void {
  const own = join(app, "node_modules", "argsearch");
  cpSync(join(root, "dist"), join(own, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(own, "package.json"));
  const require = createRequire(join(root, "package.json"));
  const { dependencies } = require("./package.json") as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    const to = join(app, "node_modules", name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(join(root, "node_modules", name), to);
  }
  const packaged = join(app, "node_modules", "@node-llama-cpp", engineName as string);
  for (const name of ["package.json", "dist"]) cpSync(join(enginePackage, name), join(packaged, name), { recursive: true });
  for (const name of readdirSync(engine)) native(join(engine, name), join(packaged, "bins", engineName as string, name));
  native(join(root, "build", "Release", "argsearch.node"), join(own, "build", "Release", "argsearch.node"));
  for (const name of ["policy.gguf", "reward.gguf"]) native(join(root, "models", name), join(own, "models", name));
}

const text = (_: string, to: string): void => {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, "packed");
};

/** Paths that a process uses which loads the package from there. */
function used(app: string): { engine: string; policy: string } {
  const program = `
    import { inspect, load } from ${JSON.stringify(join(app, "node_modules", "argsearch", "dist", "index.js"))};
    const decoder = await load({ gpu: false, threads: 1 });
    await decoder.generate("Hello", { maxTokens: 1 });
    // A model of the application's own.
    const own = ${JSON.stringify(join(app, "node_modules", "argsearch", "models", "reward.gguf"))};
    await inspect(own);
    await (await load({ policy: own, gpu: false, threads: 1 })).dispose();
    console.log(JSON.stringify({ engine: decoder.info.engine.dir, policy: decoder.info.policy.path }));
    await decoder.dispose();`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as { engine: string; policy: string };
}

test.each(["app.asar", "app-arm64.asar"])("native files of %s are found where they were unpacked", (name) => {
  const app = join(folder, name);
  pack(app, text);
  pack(`${app}.unpacked`, share);
  rmSync(join(`${app}.unpacked`, "node_modules", "argsearch", "dist"), { recursive: true });
  rmSync(join(`${app}.unpacked`, "node_modules", "argsearch", "package.json"));
  const { engine, policy } = used(app);
  expect(engine.startsWith(join(`${app}.unpacked`, "node_modules", "@node-llama-cpp"))).toBe(true);
  expect(policy).toBe(join(`${app}.unpacked`, "node_modules", "argsearch", "models", "policy.gguf"));
});

test("a folder called app.asar without an unpacked one is a folder", () => {
  const app = join(folder, "plain", "app.asar");
  pack(app, share);
  const { engine, policy } = used(app);
  expect(engine.startsWith(join(app, "node_modules"))).toBe(true);
  expect(policy.startsWith(join(app, "node_modules"))).toBe(true);
});

test("other paths stay as they are", () => {
  for (const path of ["/a/b.gguf", "/a/app.asar", "C:\\app\\asar\\x", "/a/my.asarx/y", EMBEDDED.policy]) expect(unpacked(path)).toBe(path);
});

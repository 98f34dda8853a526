/**
 * The package inside Electron's app.asar, which only Electron's own `fs` reads as a folder: here it is one, whose native files are texts, so
 * that whatever opens them there fails.
 */
import { spawnSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { convertTrunk } from "../../src/import/python/converter.js";
import { devices, EMBEDDED } from "../../src/index.js";
import { unpacked } from "../../src/package-root.js";
import { writePythonStandIn } from "../helpers/python-stand-in.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-asar-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = fileURLToPath(new URL("../..", import.meta.url));
const { binding } = await import("../../src/engine/binding.js");
devices({ gpu: false });
const engine = binding().currentEngine()?.dir as string;
const enginePackage = join(engine, "..", "..");
const [, engineName] = enginePackage.split("@node-llama-cpp/");

/** Of the embedded reward model. */
const REWARD_WIDTH = 160;

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
    import { attachReward, inspect, load, loadReward } from ${JSON.stringify(join(app, "node_modules", "argsearch", "dist", "index.js"))};
    const decoder = await load({ gpu: false, threads: 1 });
    await decoder.generate("Hello", { maxTokens: 1 });
    // A model of the application's own.
    const own = ${JSON.stringify(join(app, "node_modules", "argsearch", "models", "reward.gguf"))};
    await inspect(own);
    await (await load({ policy: own, gpu: false, threads: 1 })).dispose();
    const rated = await loadReward({ reward: own, gpu: false, threads: 1 });
    await rated.score({ text: "Hello" });
    await rated.dispose();
    const head = { weight: Array(${REWARD_WIDTH}).fill(0) };
    await attachReward({ model: own, head, out: ${JSON.stringify(join(folder, "attached.gguf"))}, gpu: false });
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

test.skipIf(process.platform === "win32")("Python gets the unpacked folders of converter and model", async () => {
  const app = join(folder, "converting", "app.asar");
  const [converter, model] = [join(app, "converter"), join(app, "model")];
  for (const path of [converter, model]) mkdirSync(`${app}.unpacked${path.slice(app.length)}`, { recursive: true });
  vi.stubEnv("FAKE_PYTHON", "convert");
  vi.stubEnv("FAKE_TRUNK", EMBEDDED.policy);
  vi.stubEnv("FAKE_ARGS", join(folder, "args.json"));
  const parts = { outType: "f16", architecture: "LlamaForCausalLM", drop: [], prefix: "", tied: false } as const;
  await convertTrunk({ ...parts, converter, model, out: join(folder, "trunk.gguf"), python: writePythonStandIn(folder) });
  vi.unstubAllEnvs();
  const [, ...given] = JSON.parse(readFileSync(join(folder, "args.json"), "utf8")) as string[];
  expect(given.slice(0, 2)).toEqual([join(`${app}.unpacked`, "converter"), join(`${app}.unpacked`, "model")]);
});

test("other paths stay as they are", () => {
  for (const path of ["/a/b.gguf", "/a/app.asar", "C:\\app\\asar\\x", "/a/my.asarx/y", EMBEDDED.policy]) expect(unpacked(path)).toBe(path);
});

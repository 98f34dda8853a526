/** The package inside an Electron application: test/helpers/asar-folder.ts. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { convertTrunk } from "../../src/import/python/converter.js";
import { EMBEDDED } from "../../src/index.js";
import { unpacked } from "../../src/package-root.js";
import { placeArchive, placeModules, share } from "../helpers/asar-folder.js";
import { writePythonStandIn } from "../helpers/python-stand-in.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-asar-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of the embedded reward model. */
const REWARD_WIDTH = 160;

/** Paths that a process uses which loads the package from there. */
function used(app: string): { engine: string; policy: string } {
  const program = `
    import { inspect, load, loadReward } from ${JSON.stringify(join(app, "node_modules", "argsearch", "dist", "index.js"))};
    import { attachReward } from ${JSON.stringify(join(app, "node_modules", "argsearch", "dist", "import.js"))};
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
  placeArchive(app);
  const { engine, policy } = used(app);
  expect(engine.startsWith(join(`${app}.unpacked`, "node_modules", "@node-llama-cpp"))).toBe(true);
  expect(policy).toBe(join(`${app}.unpacked`, "node_modules", "argsearch", "models", "policy.gguf"));
});

test("a folder called app.asar without an unpacked one is a folder", () => {
  const app = join(folder, "plain", "app.asar");
  placeModules(app, share);
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

/** Which engine a process takes where GPUs work, fail, hang or lie: each case in a process of its own, with a stand-in for the GPU. */
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { canCompile, plainEngine } from "../helpers/engine-shim.js";
import { machines } from "./machine.js";
import { runModule } from "./program.js";
import { standIns } from "./stand-in.js";

const REASON = "CUDA error: the provided PTX was compiled with an unsupported toolchain";

describe.skipIf(!canCompile)("engines", () => {
  const made = standIns();
  let cuda = "";
  beforeAll(() => {
    cuda = made.gpuPackage("cuda", "FAKE_CUDA");
  });
  const machine = machines(made.dir);

  let onCpu: number[] | undefined;
  const cpuTokens = async (): Promise<number[] | undefined> => (onCpu ??= (await machine().load({ gpu: false })).tokens);

  test("a GPU that works is tried once, and used", async () => {
    const here = machine();
    const first = await here.load({});
    expect(first).toMatchObject({ ended: 0, stderr: "", engine: { dir: cuda }, gpuHere: true, trials: 1 });
    expect(first.tokens).toEqual(await cpuTokens());
    expect(await here.load({ gpu: "cuda" })).toMatchObject({ ended: 0, stderr: "", engine: { dir: cuda }, gpuHere: true, trials: 0 });
  });

  test.each(["aborts", "scribbles", "aborts at once"])(
    "a GPU that %s: the CPU is used, with one warning, and it is remembered",
    async (FAKE_CUDA) => {
      const here = machine();
      const first = await here.load({}, { FAKE_CUDA });
      expect(first).toMatchObject({ ended: 0, engine: { dir: plainEngine }, gpuHere: false });
      expect(first.tokens).toEqual(await cpuTokens());
      expect(first.stderr).toMatch(
        /^\(node:\d+\) \[ARGSEARCH_GPU_FAILS\] Warning: the CPU is used instead of a GPU that fails\. @node-llama-cpp\/linux-x64-cuda: /,
      );
      expect(first.stderr).toContain(FAKE_CUDA === "scribbles" ? "it computes wrong numbers" : REASON);
      expect(first.stderr.match(/ARGSEARCH_GPU_FAILS/g)).toHaveLength(1);
      const second = await here.load({}, { FAKE_CUDA: "works" });
      expect(second).toMatchObject({ ended: 0, engine: { dir: plainEngine }, gpuHere: false, trials: 0 });
      expect(second.stderr).toContain("ARGSEARCH_GPU_FAILS");
    },
  );

  test("a verdict is one on that engine and that device", async () => {
    const here = machine();
    expect(await here.load({})).toMatchObject({ gpuHere: true, trials: 1 });
    expect(await here.load({}, { FAKE_GPU_NAME: "another card" })).toMatchObject({ ended: 0, gpuHere: true, trials: 1 });
    expect(await here.load({}, { FAKE_GPU_NAME: "another card" })).toMatchObject({ gpuHere: true, trials: 0 });
    const failing = await here.load({}, { FAKE_GPU_NAME: "a third", FAKE_CUDA: "aborts" });
    expect(failing).toMatchObject({ ended: 0, gpuHere: false, trials: 1, tokens: await cpuTokens() });
    utimesSync(join(cuda, "libggml-cuda.so"), new Date(), new Date());
    expect(await here.load({})).toMatchObject({ ended: 0, stderr: "", gpuHere: true, trials: 1 });
  });

  test("loads at once share a trial", async () => {
    const body = `
      const decoders = await Promise.all([argsearch.load(), argsearch.loadReward(), argsearch.load()]);
      say(process.pid);
      for (const each of decoders) await each.dispose();`;
    const { env, cache } = machine();
    const { ended, value } = await runModule<number>(body, made.dir, env);
    expect(ended).toBe(0);
    const users = new Set(
      readFileSync(join(cache, "..", "trace"), "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[1]),
    );
    users.delete(String(value));
    expect(users.size).toBe(1);
  });

  test("a GPU by name that fails is an error with the engine's reason and what to do", async () => {
    const { ended, code, message, stderr } = await machine().load({ gpu: "cuda" }, { FAKE_CUDA: "aborts" });
    expect({ ended, code, stderr }).toEqual({ ended: 0, code: "DEVICE_UNAVAILABLE", stderr: "" });
    expect(message).toContain(REASON);
    expect(message).toMatch(
      /Update the graphics driver, or install @node-llama-cpp\/linux-x64-cuda-ext@\d.*; or set gpu to "auto" or false/,
    );
  });

  test("a machine without a device, or without an engine for one, starts no child", async () => {
    const here = machine({ present: false });
    const loaded = await here.load({}, { FAKE_CUDA: "absent" });
    expect(loaded).toMatchObject({ ended: 0, stderr: "", engine: { dir: cuda }, trials: 0 });
    expect(existsSync(here.cache)).toBe(false);
  });

  test("a device that no file showed is tried before it is used", async () => {
    const loaded = await machine({ present: false }).load({}, { FAKE_CUDA: "aborts" });
    expect(loaded).toMatchObject({ ended: 0, gpuHere: false, trials: 1, tokens: await cpuTokens() });
    expect(loaded.stderr).toContain(REASON);
  });

  test("a driver that finds no device is no failure", async () => {
    const here = machine();
    expect(await here.load({}, { FAKE_CUDA: "absent" })).toMatchObject({ ended: 0, stderr: "", engine: { dir: plainEngine } });
    const { code, message } = await here.load({ gpu: "cuda" }, { FAKE_CUDA: "absent" });
    expect({ code, message }).toEqual({ code: "DEVICE_UNAVAILABLE", message: expect.stringContaining("finds no device") });
  });

  test("ARGSEARCH_GPU_TRIAL=off uses it untried", async () => {
    const loaded = await machine().load({}, { ARGSEARCH_GPU_TRIAL: "off" });
    expect(loaded).toMatchObject({ ended: 0, engine: { dir: cuda }, gpuHere: true, trials: 0 });
  });

  test("what is used untried and fails has its last words on standard error", async () => {
    const { ended, stderr } = await machine().load({}, { ARGSEARCH_GPU_TRIAL: "off", FAKE_CUDA: "aborts" });
    expect(ended).toBe("SIGABRT");
    expect(stderr).toBe(
      `${REASON}.\n  current device: 0, in function ggml_cuda_compute_forward\n/build/ggml/src/ggml-cuda/ggml-cuda.cu:108: CUDA error`,
    );
  });

  test.each<[what: string, damage: (cache: string) => void]>([
    ["damaged files", (cache) => spoil(cache, "{")],
    ["files of another shape", (cache) => spoil(cache, '{"outcome":"works"}')],
    [
      "a file where its folder should be",
      (cache) => {
        rmSync(cache, { recursive: true });
        writeFileSync(cache, "");
      },
    ],
  ])("a cache with %s harms nobody", async (_, damage) => {
    const here = machine();
    await here.load({});
    damage(here.cache);
    expect(await here.load({})).toMatchObject({ ended: 0, stderr: "", engine: { dir: cuda }, gpuHere: true, trials: 1 });
  });

  test("an engine directory of one's own with a GPU that fails is used for the CPU", async () => {
    const engineDir = made.engineDir("own", "cuda", "FAKE_OWN");
    for (const FAKE_OWN of ["aborts", "aborts at once"]) {
      const loaded = await machine().load({ engineDir }, { FAKE_OWN });
      expect(loaded).toMatchObject({ ended: 0, engine: { dir: engineDir }, gpuHere: false, tokens: await cpuTokens() });
      expect(loaded.stderr).toContain("ARGSEARCH_GPU_FAILS");
    }
    expect(await machine().load({ engineDir }, {})).toMatchObject({ ended: 0, stderr: "", gpuHere: true, trials: 1 });
  });
});

function spoil(cache: string, content: string): void {
  for (const name of readdirSync(join(cache, "gpu"))) writeFileSync(join(cache, "gpu", name), content);
}

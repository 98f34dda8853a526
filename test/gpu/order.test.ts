/** Several GPU engines beside each other: the next one serves where one fails. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { root } from "../cli/run.js";
import { canCompile, plainEngine } from "../helpers/engine-shim.js";
import { machines } from "./machine.js";
import { runModule } from "./program.js";
import { standIns } from "./stand-in.js";

describe.skipIf(!canCompile)("several engines", () => {
  const made = standIns();
  const machine = machines(made.dir);
  let [cuda, vulkan, older] = ["", "", ""];
  beforeAll(() => {
    cuda = made.gpuPackage("cuda", "FAKE_CUDA");
    vulkan = made.gpuPackage("vulkan", "FAKE_VULKAN");
    older = made.fallbackPackage("FAKE_OLD");
  });

  const fails = { FAKE_CUDA: "aborts" };

  test("CUDA for older drivers takes over where today's fails", async () => {
    for (const gpu of ["auto", "cuda"]) {
      const loaded = await machine().load({ gpu }, fails);
      expect(loaded).toMatchObject({ ended: 0, engine: { dir: plainEngine, backends: older }, gpuHere: true, trials: 2 });
      expect(loaded.stderr).toContain("@node-llama-cpp/linux-x64-cuda-ext is used instead of a GPU that fails.");
    }
  });

  test("then Vulkan", async () => {
    const loaded = await machine().load({}, { ...fails, FAKE_OLD: "scribbles" });
    expect(loaded).toMatchObject({ ended: 0, engine: { dir: vulkan }, gpuHere: true, trials: 3 });
    expect(loaded.stderr).toMatch(
      /@node-llama-cpp\/linux-x64-vulkan is used instead of a GPU that fails\. .*-cuda: .*unsupported toolchain.*-cuda-ext: it computes wrong numbers/,
    );
  });

  test("then the CPU", async () => {
    const loaded = await machine().load({}, { ...fails, FAKE_OLD: "aborts", FAKE_VULKAN: "aborts at once" });
    expect(loaded).toMatchObject({ ended: 0, engine: { dir: plainEngine }, gpuHere: false });
    expect(loaded.stderr).toContain("the CPU is used instead of a GPU that fails.");
  });

  test("an engine that was opened before stays, without the GPU that fails", async () => {
    const { env } = machine();
    const body = `
      const found = argsearch.devices({ gpu: "cuda" }).map(({ name }) => name);
      const decoder = await argsearch.load();
      const { text } = await decoder.generate("Hello", { maxTokens: 2 });
      say({ found, dir: decoder.info.engine.dir });
      await decoder.dispose();`;
    const { ended, value, stderr } = await runModule(body, made.dir, { ...env, ...fails });
    expect({ ended, value }).toEqual({ ended: 0, value: { found: expect.arrayContaining(["CUDA0", "CPU"]), dir: cuda } });
    expect(stderr).toContain("the CPU is used instead of a GPU that fails.");
  });

  test("what needs no GPU opens the engine that load() will use", async () => {
    const { env } = machine();
    const body = `
      await argsearch.inspect(argsearch.EMBEDDED.policy);
      const decoder = await argsearch.load();
      say(decoder.info.engine.dir);
      await decoder.dispose();`;
    const { value } = await runModule(body, made.dir, { ...env, ...fails, FAKE_OLD: "aborts" });
    expect(value).toBe(vulkan);
  });

  test("devices() passes over what is known to fail", async () => {
    const here = machine();
    await here.load({}, { ...fails, FAKE_OLD: "aborts" });
    const body = "say(argsearch.devices().map(({ name }) => name));";
    const { value } = await runModule(body, made.dir, { ...here.env, ...fails });
    expect(value).toEqual(expect.arrayContaining(["Vulkan0", "CPU"]));
    expect(value).not.toContain("CUDA0");
  });

  test("a fallback of another release than the plain engine is left alone", async () => {
    made.fallbackPackage("FAKE_OLD", "3.0.0");
    const loaded = await machine().load({ gpu: "cuda" }, fails);
    expect(loaded).toMatchObject({ ended: 0, code: "DEVICE_UNAVAILABLE" });
    made.fallbackPackage("FAKE_OLD");
  });

  test("argsearch generate says it on one line", () => {
    const env = { ...process.env, ...machine().env, ...fails, FAKE_OLD: "aborts", FAKE_VULKAN: "aborts" };
    const args = [join(root, "dist", "cli.js"), "generate", "--prompt", "Hello", "--max-tokens", "2"];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: made.dir, env, encoding: "utf8" });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^argsearch: the CPU is used instead of a GPU that fails\. [^\n]* \[ARGSEARCH_GPU_FAILS\]$/m);
    expect(stderr).not.toContain("(node:");
  });

  test("argsearch devices shows what was tried, and tries again when told to", async () => {
    const { env } = machine();
    const devices = (args: string[], modes: Record<string, string>): string => {
      const { stdout, stderr } = spawnSync(process.execPath, [join(root, "dist", "cli.js"), "devices", ...args], {
        cwd: made.dir,
        env: { ...process.env, ...env, ...modes },
        encoding: "utf8",
      });
      expect(stderr).toBe(""); // the list says it
      return stdout;
    };
    const modes = { ...fails, FAKE_OLD: "aborts at once" };
    const listed = devices([], modes);
    expect(listed).toMatch(/^Vulkan0 +gpu +Vulkan .* works +stand-in for a GPU$/m);
    expect(listed).toMatch(/^CPU +cpu +CPU .* - /m);
    expect(listed).toMatch(/^CUDA0 +gpu +CUDA .* fails +stand-in for a GPU$/m);
    expect(listed).toMatch(
      /^CUDA0 of @node-llama-cpp\/linux-x64-cuda: it ends the process \(SIGABRT\): CUDA error: the provided PTX was compiled with an unsupported toolchain$/m,
    );
    expect(listed).toMatch(/^cuda of @node-llama-cpp\/linux-x64-cuda-ext: it ends the process/m);
    expect(devices([], {})).toBe(listed);
    const again = JSON.parse(devices(["--retry", "--json"], {})) as { name: string; trial: string | null; engine: string }[];
    expect(again.filter(({ trial }) => trial !== null).map(({ trial, engine }) => [trial, engine.split("/")[1]])).toEqual([
      ["works", "linux-x64-cuda"],
      ["works", "linux-x64-cuda-ext"],
      ["works", "linux-x64-vulkan"],
    ]);
  });
});

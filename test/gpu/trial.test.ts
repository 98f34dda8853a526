/** A driver that hangs: a trial has a limit, can be aborted, and ends with its parent. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tryCandidate } from "../../src/engine/trial.js";
import { canCompile } from "../helpers/engine-shim.js";
import { machines } from "./machine.js";
import { standIns } from "./stand-in.js";

const gone = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
};

describe.skipIf(!canCompile)("a GPU that hangs", () => {
  const made = standIns();
  const engine = { name: "own", dir: join(made.dir, "own"), backends: "", gpus: ["cuda"] };
  beforeAll(() => {
    made.engineDir("own", "cuda", "FAKE_HANG");
    vi.stubEnv("FAKE_HANG", "hangs");
  });
  afterAll(() => vi.unstubAllEnvs());

  /** A file that gets the number of the process that uses the GPU. */
  function trace(): { path: string; pid(): Promise<number> } {
    const path = join(mkdtempSync(join(made.dir, "trace-")), "trace");
    const pid = async (): Promise<number> => {
      await expect.poll(() => existsSync(path), { timeout: 30_000 }).toBe(true);
      return Number(readFileSync(path, "utf8").split(" ")[1]);
    };
    vi.stubEnv("FAKE_GPU_TRACE", path);
    return { path, pid };
  }

  test("fails its trial when the time is up", async () => {
    const verdict = await tryCandidate(engine, "", new AbortController().signal, 4000);
    expect(verdict).toMatchObject({
      outcome: "fails",
      reason: "it did not answer within 4 s",
      devices: [{ name: "CUDA0" }],
      lasting: true,
    });
  });

  test("is let go when the trial is aborted", async () => {
    const controller = new AbortController();
    const { pid } = trace();
    const verdict = tryCandidate(engine, "", controller.signal);
    const child = await pid();
    controller.abort();
    expect(await verdict).toMatchObject({ lasting: false });
    expect(gone(child)).toBe(true);
  });

  test("is let go by load() with its signal", async () => {
    const { env } = machines(made.dir)();
    const { path, pid } = trace();
    const entry = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
    const program = `
      import { load } from ${JSON.stringify(entry)};
      const controller = new AbortController();
      process.stdin.once("data", () => controller.abort());
      const { code } = await load({ engineDir: ${JSON.stringify(engine.dir)}, signal: controller.signal }).catch((error) => error);
      process.exit(code === "ABORTED" ? 7 : 1);`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      env: { ...process.env, ...env, FAKE_GPU_TRACE: path },
      stdio: ["pipe", "ignore", "inherit"],
    });
    const ended = new Promise((resolve) => parent.on("close", resolve));
    const child = await pid();
    parent.stdin.write("abort\n");
    expect(await ended).toBe(7);
    await expect.poll(() => gone(child), { timeout: 30_000 }).toBe(true);
  });

  test.each(["hangs", "hangs at once"])("and %s ends with its parent, however that ends", async (FAKE_HANG) => {
    const { env } = machines(made.dir)();
    const { path, pid } = trace();
    const entry = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
    const program = `import { load } from ${JSON.stringify(entry)}; await load({ engineDir: ${JSON.stringify(engine.dir)} });`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      env: { ...process.env, ...env, FAKE_GPU_TRACE: path, FAKE_HANG },
      stdio: "ignore",
    });
    const child = await pid();
    parent.kill("SIGKILL");
    await expect.poll(() => gone(child), { timeout: 30_000 }).toBe(true);
  });

  test.each(["hangs", "hangs at once"])("and %s ends with the worker thread that tries it", async (mode) => {
    const { env } = machines(made.dir)();
    const { path, pid } = trace();
    const entry = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
    const program = `import(${JSON.stringify(entry)}).then(({ load }) => load({ engineDir: ${JSON.stringify(engine.dir)} }));`;
    const worker = new Worker(program, {
      eval: true,
      env: { ...process.env, ...env, FAKE_GPU_TRACE: path, FAKE_HANG: mode } as NodeJS.ProcessEnv,
    });
    const child = await pid();
    await worker.terminate();
    await expect.poll(() => gone(child), { timeout: 5000 }).toBe(true);
  });
});

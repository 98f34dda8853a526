/** Quantising is done in a child process: its crash is an error here, and it ends when it is told to, or when nobody is left to be told. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { convertOpt } from "../../src/import/index.js";
import { inspect, load } from "../../src/index.js";
import { canCompile, engineShims } from "../helpers/engine-shim.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ENTRY = pathToFileURL(join(root, "dist", "import.js")).href;
const { engine } = engineShims();

let dir: string;
let model: string;
let out: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-quantise-"));
  model = writeOpt(join(dir, "model"), randomOpt(1));
  out = join(dir, "opt.gguf");
});
afterEach(() => rmSync(dir, { recursive: true }));

const left = (): string[] => readdirSync(dir);
const underWay = () => expect.poll(left, { timeout: 30_000 }).toContainEqual(expect.stringMatching(/\.q8_0\.tmp$/));

/** Processes that a process has started. */
const childrenOf = (pid: number | undefined): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

const gone = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
};

describe.skipIf(!canCompile)("llama.cpp that writes for ever", () => {
  let engineDir = "";
  beforeAll(() => {
    engineDir = engine(`
      #include <cstdio>
      #include <unistd.h>
      extern "C" uint32_t llama_model_quantize(const char *, const char * target, const llama_model_quantize_params *) {
        std::FILE * file = std::fopen(target, "wb");
        for (;;) { std::fputs("half", file); std::fflush(file); sleep(1); }
      }`);
  });

  test("keeps nobody else waiting, and ends with the signal", async () => {
    const controller = new AbortController();
    const converted = convertOpt({ model, out, type: "q8_0", engineDir, signal: controller.signal });
    const outcome = converted.catch((error: unknown) => error);
    await underWay();
    const trunk = left().find((name) => name.endsWith(".trunk.tmp")) as string;
    const { architecture } = await inspect(join(dir, trunk));
    await using decoder = await load({ policy: join(dir, trunk), gpu: false, threads: 1 });
    expect(decoder.info.policy.architecture).toBe(architecture);
    controller.abort();
    expect(await outcome).toMatchObject({ code: "ABORTED" });
    expect(left()).toEqual(["model"]);
  });

  const options = (): string => JSON.stringify({ model, out, type: "q8_0", engineDir });

  /** A process that converts, with the child that it has by then. */
  async function converting(program: string): Promise<{ parent: ReturnType<typeof spawn>; ended: Promise<unknown>; child: number }> {
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["pipe", "ignore", "inherit"] });
    const ended = new Promise((resolve) => parent.on("close", (code, signal) => resolve(signal ?? code)));
    await underWay();
    const [child] = childrenOf(parent.pid);
    return { parent, ended, child: child as number };
  }

  /** The lock of who is gone keeps nobody out. */
  const nothingLeft = async (child: number): Promise<void> => {
    await expect.poll(() => gone(child), { timeout: 10_000 }).toBe(true);
    expect(left().filter((name) => name !== "opt.gguf.partial.lock")).toEqual(["model"]);
  };

  test("ends with process.exit()", async () => {
    const program = `
      import { convertOpt } from ${JSON.stringify(ENTRY)};
      process.stdin.once("data", () => process.exit(7));
      await convertOpt(${options()});`;
    const { parent, ended, child } = await converting(program);
    parent.stdin?.write("now\n");
    expect(await ended).toBe(7);
    await nothingLeft(child);
  });

  test.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)("ends with a process that %s ends", async (signal) => {
    const program = `import { convertOpt } from ${JSON.stringify(ENTRY)}; await convertOpt(${options()});`;
    const { parent, ended, child } = await converting(program);
    parent.kill(signal);
    expect(await ended).toBe(signal);
    await nothingLeft(child);
  });

  test("ends with a worker that is terminated", async () => {
    const inWorker = `import { convertOpt } from ${JSON.stringify(ENTRY)}; await convertOpt(${options()});`;
    const program = `
      import { Worker } from "node:worker_threads";
      const worker = new Worker(new URL("data:text/javascript,${encodeURIComponent(inWorker)}"));
      process.stdin.once("data", () => worker.terminate().then(() => process.stdin.destroy()));`;
    const { parent, ended, child } = await converting(program);
    parent.stdin?.write("now\n");
    expect(await ended).toBe(0);
    await nothingLeft(child);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends with the command line, on %s to the whole group", async (signal, code) => {
    const args = ["convert", "opt", model, "--out", out, "--type", "q8_0", "--engine-dir", engineDir];
    const cli = spawn(process.execPath, [join(root, "dist", "cli.js"), ...args], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    cli.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise((resolve) => cli.on("close", (status, by) => resolve(by ?? status)));
    await underWay();
    const [child] = childrenOf(cli.pid);
    process.kill(-(cli.pid as number), signal);
    expect({ ended: await ended, stderr }).toEqual({ ended: code, stderr: "" });
    await nothingLeft(child as number);
  });

  test("that the system kills for want of memory is an error that says so", async () => {
    const converted = convertOpt({ model, out, type: "q8_0", engineDir }).catch((error: unknown) => error);
    await underWay();
    for (const child of childrenOf(process.pid)) process.kill(child, "SIGKILL");
    expect(await converted).toMatchObject({
      code: "OUT_OF_MEMORY",
      message: expect.stringContaining(`${out} could not be written as q8_0`),
    });
    expect(left()).toEqual(["model"]);
  });
});

describe.skipIf(!canCompile)("llama.cpp that fails", () => {
  /** In a process of its own, because a process has one engine. */
  function converted(body: string, node: string[] = []): { code?: string; message?: string } {
    const engineDir = engine(`
      #include <stdexcept>
      #include <thread>
      #include "ggml.h"
      extern "C" uint32_t llama_model_quantize(const char * source, const char * target, const llama_model_quantize_params * params) {
        ${body}
        return reinterpret_cast<decltype(&llama_model_quantize)>(dlsym(RTLD_NEXT, "llama_model_quantize"))(source, target, params);
      }`);
    const program = `
      import { convertOpt } from ${JSON.stringify(ENTRY)};
      import { inspect } from ${JSON.stringify(pathToFileURL(join(root, "dist", "index.js")).href)};
      const options = ${JSON.stringify({ model, out, type: "q8_0", engineDir })};
      const failure = await convertOpt(options).then(() => ({}), ({ code, message }) => ({ code, message }));
      await inspect(${JSON.stringify(join(root, "models", "policy.gguf"))});
      console.log(JSON.stringify(failure));`;
    const { stdout, stderr, status } = spawnSync(process.execPath, [...node, "--input-type=module", "--eval", program], {
      encoding: "utf8",
    });
    expect({ status, stderr: stderr.replace(/^.*(ExperimentalWarning|SecurityWarning|--trace-warnings).*$/gm, "").trim() }).toEqual({
      status: 0,
      stderr: "",
    });
    return JSON.parse(stdout) as { code?: string; message?: string };
  }

  const FAILED = `ggml_abort("/build/src/llama-quant.cpp", 238, "GGML_ASSERT(%s) failed", "sound");`;

  test.each([
    ["on the calling thread", FAILED],
    ["on a thread of its own", `std::thread([] { ${FAILED} }).join();`],
  ])("an assertion %s is an error with its words, and the process goes on", (_, body) => {
    const { code, message } = converted(body);
    expect(code).toBe("CONVERSION_FAILED");
    expect(message).toContain(`${out} could not be written as q8_0`);
    expect(message).toContain("llama-quant.cpp:238: GGML_ASSERT(sound) failed");
    expect(left()).toEqual(["model"]);
  });

  test("where there can be no child process, the work is done in this one", () => {
    const permissions = ["--experimental-permission", "--allow-fs-read=*", "--allow-fs-write=*", "--allow-addons"];
    expect(converted("", permissions)).toEqual({});
    expect(left().sort()).toEqual(["model", "opt.gguf"]);
  });
});

test("the file is the one that llama.cpp writes in this process", () => {
  const here = join(dir, "here.gguf");
  const program = `
    import { convertOpt } from ${JSON.stringify(ENTRY)};
    await convertOpt(${JSON.stringify({ model, out, type: "q8_0" })});
    process.permission = { has: () => false };
    await convertOpt(${JSON.stringify({ model, out: here, type: "q8_0" })});`;
  expect(spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
  expect(readFileSync(out).equals(readFileSync(here))).toBe(true);
});

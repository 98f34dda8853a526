/** A conversion's Python ends with whoever started it, however that ends, and leaves no half-written file. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeHfDirectory } from "../helpers/hf-directory.js";
import { type EndlessConverter, python3, writeEndlessConverter } from "../helpers/python-stand-in.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";

const PROGRAM = fileURLToPath(new URL("conversion.mjs", import.meta.url));

vi.setConfig({ testTimeout: 120_000 });

let dir: string;
let endless: EndlessConverter;
let child: ChildProcess | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argsearch-conversion-"));
  mkdirSync(join(dir, "out"));
  const config = { architectures: ["LlamaForSequenceClassification"], hidden_size: 4 };
  writeHfDirectory(join(dir, "model"), { config, tensors: { "score.weight": { shape: [1, 4], data: new Float32Array(4) } } });
  endless = writeEndlessConverter(dir);
});
afterEach(() => {
  child?.kill("SIGKILL");
  const pid = pythonId();
  if (pid !== undefined && isAlive(pid)) process.kill(pid, "SIGKILL");
  rmSync(dir, { recursive: true });
});

interface Started {
  child: ChildProcess;
  lines: string[];
  ended: Promise<number | string | null>;
}

function start(scenario: string, name = "rm.gguf"): Started {
  const { python, converter, started } = endless;
  const options = JSON.stringify({ model: join(dir, "model"), out: join(dir, "out", name), python, converter });
  const started_ = spawn(process.execPath, [PROGRAM, scenario, options, started], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  child = started_;
  const lines: string[] = [];
  started_.stdout.setEncoding("utf8").on("data", (text: string) => lines.push(...text.split("\n").filter((line) => line !== "")));
  return { child: started_, lines, ended: new Promise((resolve) => started_.on("close", (code, signal) => resolve(signal ?? code))) };
}

function pythonId(): number | undefined {
  try {
    return Number(readFileSync(endless.started, "utf8"));
  } catch {
    return undefined;
  }
}

/** What a parent that is gone, or a thread of it, has not asked about is no process any more, but still in the table. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
}

/** Beside its lock, which who is killed leaves for the next writer to take over. */
function files(): string[] {
  return readdirSync(join(dir, "out")).filter((name) => !name.endsWith(".partial.lock"));
}

async function expectNothingLeft(): Promise<void> {
  await expect.poll(() => isAlive(pythonId() as number), { timeout: 20_000 }).toBe(false);
  expect(files()).toEqual([]);
}

describe.runIf(python3)("Python and its file are gone when the process that converts", () => {
  test.each(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"] as const)("is ended by %s", async (signal) => {
    const { child, lines, ended } = start("is killed");
    await expect.poll(() => lines, { timeout: 60_000 }).toEqual(["running"]);
    expect(files()).toHaveLength(1);
    child.kill(signal);
    expect(await ended).toBe(signal);
    await expectNothingLeft();
  });

  test("is ended with all that it started, as by Ctrl-C", async () => {
    const { child, lines, ended } = start("is killed");
    await expect.poll(() => lines, { timeout: 60_000 }).toEqual(["running"]);
    process.kill(-(child.pid as number), "SIGINT");
    expect(await ended).toBe("SIGINT");
    await expectNothingLeft();
  });

  test.each<[scenario: string, code: number, lines: string[]]>([
    ["exits", 7, []],
    ["dies of an error", 1, []],
    ["aborts", 0, ["ABORTED"]],
  ])("%s", async (scenario, code, lines) => {
    const started = start(scenario);
    expect(await started.ended).toBe(code);
    expect(started.lines).toEqual(lines);
    await expectNothingLeft();
  });

  test.each(["terminates its worker", "has a worker that exits"])("%s, and lives on", async (scenario) => {
    const { child, lines, ended } = start(scenario);
    await expect.poll(() => lines, { timeout: 60_000 }).toEqual(["ended"]);
    await expectNothingLeft();
    child.stdin?.end();
    expect(await ended).toBe(0);
  });
});

test("a process that exits while it writes without Python leaves nothing", async () => {
  rmSync(join(dir, "model"), { recursive: true });
  writeOpt(join(dir, "model"), randomOpt(1, 1));
  expect(await start("exits while it writes without Python").ended).toBe(7);
  expect(readdirSync(join(dir, "out"))).toEqual([]);
});

describe.runIf(python3)("Python removes its file when it is ended itself", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("by %s", async (signal) => {
    const { lines } = start("is killed", "{ftype} of {this}.gguf");
    await expect.poll(() => lines, { timeout: 60_000 }).toEqual(["running"]);
    const [file] = files();
    expect(file).toMatch(/^\{ftype\} of \{this\}\.gguf\..*\.tmp$/);
    process.kill(pythonId() as number, signal);
    await expectNothingLeft();
  });
});

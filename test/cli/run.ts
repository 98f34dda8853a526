/** Runs the built command line as a user's shell would: a process of its own, no terminal. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

const manifest = createRequire(import.meta.url).resolve("../../package.json");
const { bin } = createRequire(import.meta.url)(manifest) as { bin: { argsearch: string } };

export const root = dirname(manifest);
export const policy = join(root, "models", "policy.gguf");
export const reward = join(root, "models", "reward.gguf");

export interface Outcome {
  /** The exit code; a signal's name if one ended the process. */
  code: number | string | null;
  stdout: string;
  stderr: string;
}

/** One thread: tests run side by side, and threads that wait for each other wait for a free core. */
const ONE_THREAD = new Set(["generate", "score", "chat"]);

interface RunOptions {
  /** Standard input; nothing is piped in when absent. */
  input?: string | Buffer;
  /** A file that is standard input, as with "<". */
  stdinFile?: string;
  /** Standard input is the test's to write. */
  keepOpen?: boolean;
  /** A file descriptor that takes standard output. */
  stdout?: number;
  env?: Record<string, string>;
}

export function argsearch(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return start(args, options).outcome;
}

export function start(args: readonly string[], options: RunOptions = {}): { child: ChildProcess; outcome: Promise<Outcome> } {
  const threads = ONE_THREAD.has(args[0] ?? "") && !args.includes("--help") ? ["--threads", "1"] : [];
  return startScript(bin.argsearch, [...args, ...threads], options);
}

/** Any of the package's programs; `script` is its path from the root. */
export function startScript(
  script: string,
  args: readonly string[],
  { input, stdinFile, keepOpen = false, stdout: output, env }: RunOptions = {},
) {
  const file = stdinFile === undefined ? undefined : openSync(stdinFile, "r");
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, script), ...args], {
    env: { ...inherited, ...env },
    stdio: [file ?? (input === undefined && !keepOpen ? "ignore" : "pipe"), output ?? "pipe", "pipe"],
  });
  if (file !== undefined) closeSync(file);
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  if (!keepOpen) child.stdin?.end(input);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => resolve({ code: signal ?? code, stdout, stderr }));
  });
  return { child, outcome };
}

/** An empty folder that is gone after the test. */
export async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "argsearch-cli-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The objects of a JSON lines text. */
export function parseLines<T>(text: string): T[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

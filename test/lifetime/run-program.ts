/** Runs a program of this folder in a process of its own, under a watchdog. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Ended {
  /** The exit code, the name of the signal that ended it, or "hang". */
  ended: number | string | null;
  /** What it printed, a line each. */
  lines: string[];
  stderr: string;
}

export interface ChildOptions {
  /** Arguments of Node itself. */
  node?: readonly string[];
  /** A signal to send once it has printed this line. */
  kill?: { signal: NodeJS.Signals; at: string };
}

/** How often a program tries what is a race; see test/slow for more of it. */
export const REPEATS = Number(process.env.ARGSEARCH_REPEATS ?? 3);

/** Names of calls.mjs. */
export const CALLS = [
  "generateAll",
  "clear, counters and cacheBytes",
  "inspect and devices",
  "attachReward",
  "convertOpt",
  "fitReward",
  "evaluate",
  "generateFile and generateLines",
  "scoreFile and scoreLines",
];

/** Far more than any program here takes, on any machine. */
export const HANG_MS = 60_000 + 30_000 * REPEATS;

export function runProgram(program: string, args: readonly string[], { node = [], kill }: ChildOptions = {}): Promise<Ended> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [...node, path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let hung = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (kill && stdout.includes(`${kill.at}\n`)) child.kill(kill.signal);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const watchdog = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, HANG_MS);
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => {
      clearTimeout(watchdog);
      resolve({ ended: hung ? "hang" : (signal ?? code), lines: stdout.split("\n").filter((line) => line !== ""), stderr: stderr.trim() });
    });
  });
}

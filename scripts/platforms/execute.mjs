// Runs programs with a time limit each. What they started ends with them.
import { spawn } from "node:child_process";
import { Failure } from "../lib/run.mjs";

/** Far more than any step takes on two quiet cores. */
const LIMIT_MS = 180_000;

/** Of what a failed program printed. */
const QUOTED = 600;

/**
 * Runs a program and resolves with what it printed and how it ended, whatever that was.
 * `env` is the whole environment, not an addition.
 */
export function execute(command, args, { cwd, env = process.env, limitMs = LIMIT_MS } = {}) {
  const start = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: process.platform !== "win32" });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      printed[name] += text;
    });
  }
  let hung = false;
  const limit = setTimeout(() => {
    hung = true;
    endGroup(child);
  }, limitMs);
  return new Promise((resolve) => {
    let fault;
    child.on("error", (error) => {
      fault = error;
    });
    child.on("close", (status, signal) => {
      clearTimeout(limit);
      resolve({ status, signal, ...printed, fault, hung, ms: performance.now() - start });
    });
  });
}

/** The program and all that it started, where the system has groups. */
function endGroup(child) {
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

/** The same for a program that is to succeed; else a Failure says what it printed. */
export async function succeed(command, args, options) {
  const result = await execute(command, args, options);
  if (result.status !== 0) throw new Failure(`"${[shortened(command), ...args.map(shortened)].join(" ")}" ${ending(result)}`);
  return result;
}

/** How a program ended, in words, with its last ones. */
export function ending({ status, signal, fault, hung, stdout, stderr }) {
  const how = hung ? "hangs" : (fault?.message ?? (signal === null ? `ends with ${status}` : `ends by ${signal}`));
  const words = `${stderr.trim()}\n${stdout.trim()}`.trim();
  return words === "" ? how : `${how}: ${words.length > QUOTED ? `${words.slice(0, QUOTED)} …` : words}`;
}

function shortened(word) {
  return /[\\/]/.test(word) ? word.split(/[\\/]/).slice(-2).join("/") : word;
}

/** Finds Python and runs a script of the package with it. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { abortedError } from "../../engine/abort.js";
import { ArgsearchError } from "../../errors.js";
import { atExit } from "../../files/at-exit.js";
import { packageFile } from "../../package-root.js";

export interface PythonRun {
  args: readonly string[];
  /** Each line that the script prints, on either output. */
  onLine?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface PythonResult {
  /** Null when a signal ended it. */
  code: number | null;
  /** The last lines of both outputs. */
  tail: string[];
}

const TAIL = 40;

/** check.py's exit codes. */
const MISSING_MODULES = 3;
const TOO_OLD = 4;

/**
 * The Python to convert with: the given program, else `python3` or `python`. It is run once, to see that it is new enough and has
 * the modules.
 *
 * @throws ArgsearchError TOOL_NOT_FOUND, ABORTED
 */
export async function findPython(python: string | undefined, signal: AbortSignal | undefined): Promise<string> {
  const names = python === undefined ? (process.platform === "win32" ? ["python", "python3", "py"] : ["python3", "python"]) : [python];
  for (const name of names) {
    const result = await runProgram(name, { args: [pythonScript("check.py")], signal });
    if (result === null) continue;
    requireReady(name, result);
    return name;
  }
  throw unusable(python === undefined ? `${names.join(" and ")} are not on the PATH` : `${python} cannot be run`);
}

function requireReady(program: string, { code, tail }: PythonResult): void {
  if (code === 0) return;
  const said = (what: string): string | undefined => tail.findLast((line) => line.startsWith(what))?.slice(what.length);
  const [missing, version] = [said("missing: "), said("version: ")];
  if (code === MISSING_MODULES && missing !== undefined) throw modulesMissing(program, missing);
  if (code === TOO_OLD && version !== undefined) throw unusable(`${program} is ${version}`);
  throw unusable(`${program} cannot be run: ${lastWords(tail, code)}`);
}

function modulesMissing(program: string, missing: string): ArgsearchError {
  const names = missing.split(" ");
  const what = names.length === 1 ? `the module ${names[0]} that is` : "modules that are";
  return new ArgsearchError(
    "TOOL_NOT_FOUND",
    `llama.cpp's converter needs ${what} not installed. Install with: ${program} -m pip install ${missing}`,
  );
}

function unusable(which: string): ArgsearchError {
  const what = "Importing a Hugging Face model takes Python 3.10 or newer";
  const how = "Install it from https://www.python.org/downloads/, or name one with --python";
  return new ArgsearchError("TOOL_NOT_FOUND", `${what}, and ${which}. ${how}`);
}

/** Runs a script to its end. @throws ArgsearchError TOOL_NOT_FOUND without such a program, ABORTED */
export async function runPython(program: string, run: PythonRun): Promise<PythonResult> {
  const result = await runProgram(program, run);
  if (result === null) throw unusable(`${program} cannot be run`);
  return result;
}

/** Path of a script of the package. */
export function pythonScript(name: string): string {
  return packageFile("python", name);
}

/** What a program said last, or how it ended. */
export function lastWords(tail: readonly string[], code: number | null): string {
  return tail.findLast((line) => line.trim() !== "")?.trim() ?? (code === null ? "it was killed" : "it gave no reason");
}

/**
 * The scripts end when standard input does, which this side holds and never writes to: however this process ends, or the worker thread
 * that runs this, Python ends as well. See python/ending.py.
 */
const ENVIRONMENT = {
  ARGSEARCH_WATCH_STDIN: "1",
  PYTHONUNBUFFERED: "1",
  PYTHONIOENCODING: "utf-8",
  PYTHONDONTWRITEBYTECODE: "1",
};

/** Null when there is no such program. Settles only when the program is gone, so that nothing writes any more. */
function runProgram(program: string, { args, onLine, signal }: PythonRun): Promise<PythonResult | null> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortedError(signal));
    const child = spawn(program, [...args], { env: { ...process.env, ...ENVIRONMENT }, stdio: "pipe", windowsHide: true });
    child.stdin.on("error", () => {}); // nothing is written
    // What it writes is thrown away: nothing is to be tidied up. A launcher's own child is reached by standard input alone.
    const kill = (): void => {
      child.stdin.destroy();
      child.kill("SIGKILL");
    };
    signal?.addEventListener("abort", kill, { once: true });
    const forget = atExit(kill);
    const tail: string[] = [];
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        tail.push(line);
        if (tail.length > TAIL) tail.shift();
        onLine?.(line);
      });
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      forget();
      if (error.code === "ENOENT" || error.code === "EACCES") resolve(null);
      else reject(error);
    });
    child.on("close", (code) => {
      forget();
      signal?.removeEventListener("abort", kill);
      if (signal?.aborted) reject(abortedError(signal));
      else resolve({ code, tail });
    });
  });
}

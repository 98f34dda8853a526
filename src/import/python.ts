/** Finds Python and runs a script of the package with it. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ArgsearchError } from "../errors.js";

export interface PythonRun {
  /** A Python 3; default: `python3`, else `python`. */
  python?: string | undefined;
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

/** @throws ArgsearchError TOOL_NOT_FOUND without Python, ABORTED */
export async function runPython({ python, ...run }: PythonRun): Promise<PythonResult> {
  const names = python === undefined ? (process.platform === "win32" ? ["python", "python3", "py"] : ["python3", "python"]) : [python];
  for (const name of names) {
    const result = await runProgram(name, run);
    if (result !== null) return result;
  }
  const which = python === undefined ? `${names.join(" and ")} are not on the PATH` : `${python} cannot be run`;
  throw new ArgsearchError(
    "TOOL_NOT_FOUND",
    `Importing a Hugging Face model takes Python 3.10 or newer, and ${which}. Install it from https://www.python.org/downloads/, or name one with --python`,
  );
}

/** Null when there is no such program. */
function runProgram(program: string, { args, onLine, signal }: Omit<PythonRun, "python">): Promise<PythonResult | null> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PYTHONUNBUFFERED: "1", PYTHONIOENCODING: "utf-8", PYTHONDONTWRITEBYTECODE: "1" };
    const child = spawn(program, [...args], { env, stdio: ["ignore", "pipe", "pipe"], windowsHide: true, ...(signal && { signal }) });
    const tail: string[] = [];
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        tail.push(line);
        if (tail.length > TAIL) tail.shift();
        onLine?.(line);
      });
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) reject(new ArgsearchError("ABORTED", "the import was ended early", { cause: error }));
      else if (error.code === "ENOENT" || error.code === "EACCES") resolve(null);
      else reject(error);
    });
    child.on("close", (code) => resolve({ code, tail }));
  });
}

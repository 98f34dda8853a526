/** Runs a program on dist/ in a process of its own, whose last standard output line is JSON. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("../../dist/index.js", import.meta.url));

export interface Ran<T> {
  /** The exit code or the signal's name. */
  ended: number | string | null;
  value: T | undefined;
  stderr: string;
}

/** `body` is a module's text behind `import * as argsearch`; what it gives to say() comes back. */
export async function runModule<T>(body: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran<T>> {
  const program = `
    import * as argsearch from ${JSON.stringify(ENTRY)};
    const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = await new Promise<number | string | null>((resolve) => child.on("close", (code, signal) => resolve(signal ?? code)));
  const last = stdout.trim().split("\n").at(-1);
  return { ended, value: last ? (JSON.parse(last) as T) : undefined, stderr: stderr.trim() };
}

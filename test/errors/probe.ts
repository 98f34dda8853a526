/** Opens many files in child processes and reports what became of each. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Damage, writeDamages } from "./damaged-files.js";

export interface Probed {
  name: string;
  /** "works", an error's code and message, or how the process ended. */
  outcome: string;
  inspected: string;
}

const PROGRAM = fileURLToPath(new URL("probe-files.mjs", import.meta.url));

/** No single file takes this long. */
const HANG_MS = 60_000;

/** A crash or a hang is an outcome, too: another process goes on behind that file. */
export async function probe(damages: readonly Damage[]): Promise<Probed[]> {
  const folder = mkdtempSync(join(tmpdir(), "argsearch-damaged-"));
  try {
    const paths = writeDamages(folder, damages);
    const outcomes: Omit<Probed, "name">[] = [];
    while (outcomes.length < paths.length) outcomes.push(...(await probeUntilCrash(folder, paths.slice(outcomes.length))));
    return outcomes.map((outcome, index) => ({ name: damages[index].name, ...outcome }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function probeUntilCrash(folder: string, paths: readonly string[]): Promise<Omit<Probed, "name">[]> {
  const list = join(folder, "list.json");
  writeFileSync(list, JSON.stringify(paths));
  const child = spawn(process.execPath, [PROGRAM, list], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exit = new Promise<string>((resolve) => {
    child.on("close", (code, signal) => resolve(`process ended by ${signal ?? code}: ${stderr.trim()}`));
  });
  const watchdog = setTimeout(() => child.kill("SIGKILL"), HANG_MS);
  const outcomes: Omit<Probed, "name">[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    watchdog.refresh();
    const { outcome, inspected } = JSON.parse(line) as Partial<Probed>;
    if (outcome !== undefined && inspected !== undefined) outcomes.push({ outcome, inspected });
  }
  clearTimeout(watchdog);
  const ended = await exit;
  if (outcomes.length < paths.length) outcomes.push({ outcome: ended, inspected: ended });
  return outcomes;
}

/** Opens many files in child processes and reports what became of each. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Damage, writeDamages } from "./damaged-files.js";

/** A way of probe-files.mjs. */
export type Use = "inspect" | "pair" | "policy" | "reward";

export interface Probed {
  name: string;
  /** "works", an error's code and message, or how the process ended. */
  uses: Partial<Record<Use, string>>;
}

export interface ProbeOptions {
  /** Default: inspect it, and decode and score with it as policy and reward model at once. */
  uses?: readonly Use[];
  /** GiB of address space of the process; default no limit. Linux. */
  memory?: number;
}

const PROGRAM = fileURLToPath(new URL("probe-files.mjs", import.meta.url));

/** No single file takes this long, also where many other programs run. */
const HANG_MS = 180_000;
const GRACE_MS = 5000;

/** A crash or a hang is an outcome, too: another process goes on behind that file. */
export async function probe(damages: readonly Damage[], { uses = ["inspect", "pair"], memory }: ProbeOptions = {}): Promise<Probed[]> {
  const folder = mkdtempSync(join(tmpdir(), "argsearch-damaged-"));
  try {
    const paths = writeDamages(folder, damages);
    const outcomes: Probed["uses"][] = [];
    while (outcomes.length < paths.length) {
      const list = join(folder, "list.json");
      writeFileSync(list, JSON.stringify(paths.slice(outcomes.length)));
      outcomes.push(...(await probeUntilCrash(limited([PROGRAM, list, ...uses], memory), paths.length - outcomes.length, uses)));
    }
    return outcomes.map((outcome, index) => ({ name: damages[index].name, uses: outcome }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Node's command line, behind prlimit's where there is a limit. */
function limited(args: readonly string[], memory: number | undefined): readonly string[] {
  const node = [process.execPath, ...args];
  return memory === undefined ? node : ["prlimit", `--as=${memory * 2 ** 30}`, "--core=0", ...node];
}

async function probeUntilCrash([program, ...args]: readonly string[], count: number, uses: readonly Use[]): Promise<Probed["uses"][]> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  let hung = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-4096);
  });
  const exit = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(String(error)));
    child.on("close", (code, signal) => resolve(`${hung ? "hangs" : `process ended by ${signal ?? code}`}: ${stderr.trim()}`));
  });
  // This process may have been busy meanwhile: what it has not read yet is read before it judges.
  let grace: NodeJS.Timeout | undefined;
  const watchdog = setTimeout(() => {
    grace = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, GRACE_MS);
  }, HANG_MS);
  const outcomes: Probed["uses"][] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(grace);
    watchdog.refresh();
    const { uses: outcome } = JSON.parse(line) as Partial<Probed>;
    if (outcome !== undefined) outcomes.push(outcome);
  }
  clearTimeout(watchdog);
  clearTimeout(grace);
  const ended = await exit;
  if (outcomes.length < count) outcomes.push(Object.fromEntries(uses.map((use) => [use, ended])));
  return outcomes;
}

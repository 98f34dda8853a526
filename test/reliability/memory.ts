/** Address space that ends at every point of a load, a decode, a score: an error of the call, not the end of the process. */
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { EMBEDDED, ERROR_CODES } from "../../src/index.js";
import { type Finding, type Part, type PartOptions, Tally } from "./part.js";

const PROGRAM = fileURLToPath(new URL("programs/memory.mjs", import.meta.url));
const HANG_MS = 180_000;

/** With the MiB beyond what it had at the start within which each runs out of memory, or just not. */
const SCENARIOS: Readonly<Record<string, number>> = { "the first load": 300, "a later load": 40, decoding: 10, scoring: 40 };

/** Signs that the JavaScript engine, or the C library, ended the process for want of memory of its own. */
const NOT_OURS =
  /FATAL ERROR: |cannot allocate memory for thread-local data|Fatal process out of memory|# Fatal JavaScript|V8 process OOM|node::OnFatalError|JavaScript heap/;

const TYPED: ReadonlySet<string> = new Set(["works", ...ERROR_CODES]);

export const memory: Part = {
  name: "memory",
  title: "address space that runs out at load, at decoding, at scoring",
  run: (options) => shortOfMemory(options, 100),
};

export async function shortOfMemory({ seed, count, say }: PartOptions, most: number): Promise<Finding[]> {
  const each = Math.ceil((count ?? most) / Object.keys(SCENARIOS).length);
  const findings: Finding[] = [];
  for (const [scenario, widest] of Object.entries(SCENARIOS)) {
    const tally = new Tally(`out of memory: ${scenario}`);
    if (process.platform !== "linux") {
      findings.push({ ...tally.finding, skipped: "prlimit is Linux's" });
      continue;
    }
    for (let index = 0; index < each; index++) {
      const kib = Math.floor(spread(seed + index) * widest * 1024);
      const { outcome, failure } = await attempt(scenario, kib);
      tally.add(outcome, failure && `seed ${seed + index} (${scenario} with ${kib} KiB more): ${failure}`);
    }
    say(`${scenario}: ${JSON.stringify(tally.outcomes)}`);
    findings.push(tally.finding);
  }
  return findings;
}

/** From 0 to 1: however many seeds follow each other, they lie evenly. */
function spread(seed: number): number {
  const GOLDEN = 0.618033988749895;
  return (seed * GOLDEN) % 1;
}

async function attempt(scenario: string, kib: number): Promise<{ outcome: string; failure?: string }> {
  const args = ["--expose-gc", PROGRAM, scenario, EMBEDDED.policy, EMBEDDED.reward];
  const child = spawn("prlimit", ["--core=0", process.execPath, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {}); // it may be gone
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise<string>((resolve) => child.on("close", (code, signal) => resolve(String(signal ?? code))));
  const watchdog = setTimeout(() => child.kill("SIGKILL"), HANG_MS);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^\d+$/.test(line)) {
      await promisify(execFile)("prlimit", ["--pid", String(child.pid), `--as=${(Number(line) + kib) * 1024}`]);
      child.stdin.write("go\n");
    } else said.push(line);
  }
  clearTimeout(watchdog);
  return judge(said, await closed, stderr);
}

function judge(said: readonly string[], ended: string, stderr: string): { outcome: string; failure?: string } {
  const codes = said.filter((line) => line !== "alive").map((line) => line.split(": ")[1] as string);
  const untyped = codes.findIndex((code) => !TYPED.has(code));
  if (untyped >= 0) return { outcome: "untyped error", failure: said[untyped] as string };
  if (said.at(-1) === "alive" && ended === "0") return { outcome: codes.find((code) => code !== "works") ?? "works" };
  if (NOT_OURS.test(stderr)) return { outcome: "Node or its C library ends it" };
  return { outcome: `process ended by ${ended}`, failure: `${ended} after ${said.join("; ")}: ${stderr.slice(-2000)}` };
}

/** Workers, processes and commands that end at any moment: as they were told to, and nothing else suffers. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageRoot } from "../../src/package-root.js";
import { Random } from "../helpers/random.js";
import { modelsIn } from "../helpers/stored-models.js";
import { slowPair } from "../lifetime/models.js";
import { type ChildOptions, runProgram } from "../lifetime/run-program.js";
import { type Finding, type Part, type PartOptions, Tally } from "./part.js";
import { withScratch } from "./scratch.js";

const CLI = join(packageRoot, "dist", "cli.js");

export const workers: Part = {
  name: "workers",
  title: "eight workers at once, terminated in the middle of a step",
  run: (options) => terminatedWorkers(options, 50),
};

/** `count`: rounds of eight. */
export async function terminatedWorkers({ count, say }: PartOptions, rounds: number): Promise<Finding[]> {
  const tally = new Tally("8 workers at once terminated mid-step, rounds");
  await withScratch(async (folder) => {
    const { policy, reward } = slowPair(modelsIn(folder));
    const total = count ?? rounds;
    const each = Math.min(5, total); // processes, so that a crash costs one
    for (let done = 0; done < total; done += each) {
      const { ended, lines, stderr } = await runProgram("workers.mjs", ["eight at once", policy.path, reward.path, String(each)]);
      const fine = ended === 0 && lines[0] === "true" && stderr === "";
      for (let round = 0; round < each; round++) {
        tally.add(
          fine ? "the others work as before" : `process ended by ${ended}`,
          fine || round > 0 ? undefined : `${ended}: ${lines} ${stderr}`,
        );
      }
      say(`${done + each} of ${total} rounds`);
    }
  });
  return [tally.finding];
}

/** How a process ends, and what is seen of it. */
const ENDINGS: readonly { scenario: string; ended: number | string; options?: ChildOptions; stderr: RegExp }[] = [
  { scenario: "exit while loading", ended: 7, stderr: /^$/ },
  { scenario: "exit while prefilling", ended: 7, stderr: /^$/ },
  { scenario: "exit while decoding", ended: 7, stderr: /^$/ },
  { scenario: "exit while scoring", ended: 7, stderr: /^$/ },
  { scenario: "uncaught exception while decoding", ended: 1, stderr: /out of the blue/ },
  { scenario: "unhandled rejection while decoding", ended: 1, stderr: /DISPOSED/ },
  { scenario: "signal while decoding", ended: "SIGTERM", options: { kill: { signal: "SIGTERM", at: "running" } }, stderr: /^$/ },
  { scenario: "signal while decoding", ended: "SIGINT", options: { kill: { signal: "SIGINT", at: "running" } }, stderr: /^$/ },
];

export const exits: Part = {
  name: "exits",
  title: "processes that end while they load, decode or score",
  run: (options) => endedProcesses(options, 20),
};

/** `count`: times each way. */
export async function endedProcesses({ count, say }: PartOptions, times: number): Promise<Finding[]> {
  return withScratch(async (folder) => {
    const { policy, reward } = slowPair(modelsIn(folder));
    const findings: Finding[] = [];
    for (const { scenario, ended: wanted, options, stderr: words } of ENDINGS) {
      const tally = new Tally(typeof wanted === "string" ? `${wanted} while decoding` : scenario);
      for (let time = 0; time < (count ?? times); time++) {
        const { ended, stderr } = await runProgram("processes.mjs", [scenario, policy.path, reward.path], options);
        const fine = ended === wanted && words.test(stderr);
        tally.add(`ends with ${ended}`, fine ? undefined : `${scenario}: ${ended}: ${stderr}`);
      }
      say(`${tally.fault}: ${JSON.stringify(tally.outcomes)}`);
      findings.push(tally.finding);
    }
    return findings;
  });
}

interface Command {
  args(folder: string): string[];
  /** What may be there afterwards, beside locks; all else was temporary. */
  keeps: RegExp;
}

const COMMON = ["--template", "none", "--gpu", "off", "--threads", "1"];

const COMMANDS: Readonly<Record<string, Command>> = {
  generate: {
    args: (folder) => [
      "generate",
      "--prompt",
      "hello",
      "--max-tokens",
      "4000",
      "--ending",
      "never",
      "--seed",
      "1",
      "--trace",
      join(folder, "steps.jsonl"),
      ...COMMON,
    ],
    keeps: /^steps\.jsonl(\.partial)?$/,
  },
  score: {
    args: (folder) => ["score", "--input", join(folder, "in", "texts.jsonl"), "--out", join(folder, "scores.jsonl"), ...COMMON],
    keeps: /^scores\.jsonl(\.[0-9a-f]{12}\.partial)?$/,
  },
  eval: {
    args: (folder) => [
      "eval",
      "--data",
      join(folder, "in", "texts.jsonl"),
      "--methods",
      "greedy,top-p",
      "--out",
      join(folder, "evaluation"),
      ...COMMON,
    ],
    keeps: /^evaluation$/,
  },
  "reward fit": {
    args: (folder) => [
      ...["reward", "fit", "--model", join(packageRoot, "models", "policy.gguf"), "--pairs", join(folder, "in", "pairs.jsonl")],
      ...["--out", join(folder, "rm.gguf"), ...COMMON],
    ],
    keeps: /^rm\.gguf(\.features)?$/,
  },
};

export const interrupts: Part = {
  name: "interrupts",
  title: "Ctrl-C in commands at any moment",
  run: (options) => interrupted(options, 25),
};

/** `count`: times each command. */
export async function interrupted({ seed, count, say }: PartOptions, times: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, command] of Object.entries(COMMANDS)) {
    const tally = new Tally(`Ctrl-C: ${name}`);
    if (process.platform !== "win32") {
      for (let time = 0; time < (count ?? times); time++) {
        const wait = new Random(seed + time).integer(0, 1000);
        // One in five before, or while, the command begins.
        const moment = { wait, begun: time % 5 > 0 };
        await withScratch((folder) => interruptOnce(folder, command, moment, `seed ${seed + time} (${JSON.stringify(moment)})`, tally));
      }
    }
    say(`${name}: ${JSON.stringify(tally.outcomes)}`);
    findings.push(process.platform === "win32" ? { ...tally.finding, skipped: "there are no signals" } : tally.finding);
  }
  return findings;
}

/** Milliseconds after the start, or after the first that it wrote. */
interface Moment {
  wait: number;
  begun: boolean;
}

async function interruptOnce(folder: string, command: Command, { wait, begun }: Moment, title: string, tally: Tally): Promise<void> {
  mkdirSync(join(folder, "in"));
  const records = Array.from({ length: 3000 }, (_, index) => ({
    prompt: `How do I bake bread ${index}?`,
    response: "Mix flour. ".repeat(9),
  }));
  writeFileSync(join(folder, "in", "texts.jsonl"), records.map((each) => `${JSON.stringify(each)}\n`).join(""));
  const pairs = records.map(({ prompt, response }, index) => ({ prompt, chosen: `${response}${index}`, rejected: "mix mix" }));
  writeFileSync(join(folder, "in", "pairs.jsonl"), pairs.map((each) => `${JSON.stringify(each)}\n`).join(""));
  const child = spawn(process.execPath, [CLI, ...command.args(folder)], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = endOf(child);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const hasWritten = (): boolean => readdirSync(folder).some((name) => command.keeps.test(name));
  while (begun && isRunning() && !hasWritten()) await sleep(20);
  await Promise.race([sleep(wait), ended]);
  child.kill("SIGINT");
  const watchdog = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const { code, stderr } = await ended;
  clearTimeout(watchdog);
  const left = readdirSync(folder).filter((name) => name !== "in" && !name.endsWith(".lock") && !command.keeps.test(name));
  const temporary = existsSync(join(folder, "evaluation"))
    ? readdirSync(join(folder, "evaluation")).filter((name) => name.endsWith(".tmp"))
    : [];
  const fault = faultOf(code, stderr, [...left, ...temporary]) ?? brokenLines(folder);
  // Before Node runs the program, a signal ends it as it ends any.
  tally.add(code === "SIGINT" ? "ends before it began" : `ends with ${code}`, fault && `${title}: ${fault}`);
}

function faultOf(code: number | string | null, stderr: string, left: readonly string[]): string | undefined {
  if (left.length > 0) return `leaves ${left.join(", ")}`;
  if (code === 130 && /^(interrupted[:;] the same command goes on from [^\n]*\n)?$/.test(stderr)) return undefined;
  return code === 0 || code === "SIGINT" ? undefined : `ends with ${code}: ${stderr}`;
}

/** What is kept is whole lines. */
function brokenLines(folder: string): string | undefined {
  for (const name of readdirSync(folder).filter((each) => /\.jsonl/.test(each) && !each.endsWith(".lock"))) {
    const text = readFileSync(join(folder, name), "utf8");
    if (text !== "" && !text.endsWith("\n")) return `${name} ends within a line`;
  }
  return undefined;
}

function endOf(child: ChildProcess): Promise<{ code: number | string | null; stderr: string }> {
  let stderr = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code: signal ?? code, stderr })));
}

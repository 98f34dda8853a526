/** Every command that writes, on a disk that gets full at every point: it says so, leaves nothing half-written under a final name, and works once there is room. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EMBEDDED } from "../../src/index.js";
import { packageRoot } from "../../src/package-root.js";
import { Random } from "../helpers/random.js";
import { randomOpt, writeOpt } from "../helpers/random-opt.js";
import { type Finding, type Part, type PartOptions, Tally } from "./part.js";
import { withScratch } from "./scratch.js";

const CLI = join(packageRoot, "dist", "cli.js");
const MEBIBYTES = 12;
const PAGE = 4096;

interface Writer {
  /** What the command line is, without what it writes to. */
  args(inputs: string): string[];
  /** The flag that names the output, and the output's name. */
  flag: string;
  out: string;
  /** What an interrupted run may leave for the next one, beside locks. */
  keeps: RegExp;
}

const NOTHING = /^$/;
const NONE = ["--template", "none", "--gpu", "off"];

const WRITERS: Readonly<Record<string, Writer>> = {
  "generate --trace": {
    args: () => ["generate", "--prompt", "hello", "--seed", "1", "--max-tokens", "40", "--threads", "1", ...NONE],
    flag: "--trace",
    out: "steps.jsonl",
    keeps: /^steps\.jsonl\.partial$/,
  },
  "score --out": {
    args: (inputs) => ["score", "--input", join(inputs, "texts.jsonl"), "--threads", "1", ...NONE],
    flag: "--out",
    out: "scores.jsonl",
    keeps: /^scores\.jsonl\.[0-9a-f]{12}\.partial$/,
  },
  "reward fit": {
    args: (inputs) => ["reward", "fit", "--model", EMBEDDED.policy, "--pairs", join(inputs, "pairs.jsonl"), "--threads", "1", ...NONE],
    flag: "--out",
    out: "rm.gguf",
    keeps: /^rm\.gguf\.features$/,
  },
  "convert opt": {
    args: (inputs) => ["convert", "opt", join(inputs, "opt"), "--type", "f32"],
    flag: "--out",
    out: "opt.gguf",
    keeps: NOTHING,
  },
  "convert opt --type q8_0": {
    args: (inputs) => ["convert", "opt", join(inputs, "opt"), "--type", "q8_0"],
    flag: "--out",
    out: "opt.gguf",
    keeps: NOTHING,
  },
  eval: {
    args: (inputs) => [
      "eval",
      "--data",
      join(inputs, "texts.jsonl"),
      "--limit",
      "6",
      "--methods",
      "greedy,top-p",
      "--max-tokens",
      "8",
      ...NONE,
    ],
    flag: "--out",
    out: "evaluation",
    keeps: /^evaluation$/,
  },
};

export const disk: Part = {
  name: "disk",
  title: "a disk that gets full under every command that writes",
  run: (options) => fullDisk(options, { each: 10, writers: Object.keys(WRITERS) }),
};

export interface DiskPlan {
  each: number;
  writers: readonly string[];
}

/** Why no small disk can be had here; undefined where it can. */
export function whyNoDisk(): string | undefined {
  if (process.platform !== "linux") return "a small disk is Linux's tmpfs";
  return process.getuid?.() === 0 ? undefined : "mounting a small disk takes root; npm test limits files' sizes instead";
}

export async function fullDisk({ seed, count, say }: PartOptions, { each, writers }: DiskPlan): Promise<Finding[]> {
  const tallies = writers.map((name) => new Tally(`full disk: ${name}`));
  const skipped = whyNoDisk();
  if (skipped !== undefined) return tallies.map(({ finding }) => ({ ...finding, skipped }));
  return withScratch(async (folder) => {
    writeInputs(folder);
    const mounted = join(folder, "disk");
    mkdirSync(mounted);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${MEBIBYTES}m`, "tmpfs", mounted]);
    try {
      for (const [index, name] of writers.entries()) {
        const tally = tallies[index] as Tally;
        await fill({ seed, count: count ?? each }, WRITERS[name] as Writer, { inputs: folder, mounted }, tally);
        say(`${name}: ${JSON.stringify(tally.outcomes)}`);
      }
    } finally {
      execFileSync("umount", [mounted]);
    }
    return tallies.map(({ finding }) => finding);
  });
}

function writeInputs(folder: string): void {
  const prompts = Array.from({ length: 40 }, (_, index) => `How do I bake bread number ${index}?`);
  const json = (records: readonly object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");
  writeFileSync(join(folder, "texts.jsonl"), json(prompts.map((prompt) => ({ prompt, response: "Mix flour, water and salt." }))));
  const pairs = prompts.map((prompt, index) => ({ prompt, chosen: `Gently. ${index}`, rejected: `mix mix ${index}` }));
  writeFileSync(join(folder, "pairs.jsonl"), json(pairs));
  writeOpt(join(folder, "opt"), randomOpt(1));
}

interface Places {
  inputs: string;
  mounted: string;
}

/** One run with room, and one for each seed with room for less than that wrote. */
async function fill({ seed, count }: { seed: number; count: number }, writer: Writer, places: Places, tally: Tally): Promise<void> {
  const whole = await run(writer, places);
  if (whole.code !== 0) throw new Error(`${writer.args("").join(" ")} fails with room: ${whole.stderr}`);
  const wanted = contents(join(places.mounted, writer.out));
  const used = MEBIBYTES * 2 ** 20 - roomOf(places.mounted);
  for (let index = 0; index < count; index++) {
    empty(places.mounted);
    const pages = index === 0 ? 0 : new Random(seed + index).integer(0, Math.max(0, Math.ceil(used / PAGE) - 1));
    const failure = await once(writer, places, pages * PAGE, wanted, tally);
    if (failure !== undefined) tally.add("fails", `seed ${seed + index} (${pages * PAGE} bytes free): ${failure}`);
  }
  empty(places.mounted);
}

/** What was wrong; undefined when all went as it should, which is then counted. */
async function once(writer: Writer, places: Places, room: number, wanted: string, tally: Tally): Promise<string | undefined> {
  const { mounted } = places;
  const ballast = join(mounted, "ballast");
  writeFileSync(ballast, Buffer.alloc(Math.max(0, roomOf(mounted) - room)));
  const { code, stderr } = await run(writer, places);
  if (code === 0) {
    if (contents(join(mounted, writer.out)) !== wanted) return "ends with 0 and another output";
    tally.add("fits after all");
    return undefined;
  }
  if (code !== 1 || !/^argsearch: [^\n]*\[FILE_UNWRITABLE\]\n$/m.test(stderr)) return `ends with ${code}: ${stderr}`;
  if (!/ENOSPC|[Nn]o space left|iostream/.test(stderr)) return `does not say why: ${stderr}`;
  const left = readdirSync(mounted).filter((name) => name !== "ballast" && !name.endsWith(".lock") && !writer.keeps.test(name));
  if (left.length > 0) return `leaves ${left.join(", ")}`;
  rmSync(ballast);
  const again = await run(writer, places);
  if (again.code !== 0) return `does not go on: ${again.stderr}`;
  if (contents(join(mounted, writer.out)) !== wanted) return "goes on to another output";
  tally.add("FILE_UNWRITABLE, then the same output");
  return undefined;
}

interface Ended {
  code: number | string | null;
  stderr: string;
}

function run(writer: Writer, { inputs, mounted }: Places): Promise<Ended> {
  const args = [CLI, ...writer.args(inputs), writer.flag, join(mounted, writer.out)];
  const env = { ...process.env, NO_COLOR: "1" };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env, timeout: 120_000, killSignal: "SIGKILL" }, (_error, _stdout, stderr) => {
      resolve({ code: child.signalCode ?? child.exitCode, stderr });
    });
  });
}

function roomOf(mounted: string): number {
  const { stdout } = spawnSync("df", ["--output=avail", "-B1", mounted], { encoding: "utf8" });
  return Number(stdout.split("\n")[1]);
}

function empty(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/** What an output holds, and is to hold again. */
function contents(path: string): string {
  if (!existsSync(path)) return "nothing";
  if (statSync(path).isDirectory()) {
    const files = readdirSync(path).filter((name) => !name.endsWith(".lock"));
    return JSON.stringify([files.sort(), lines(join(path, "responses.jsonl"))]);
  }
  return path.endsWith(".jsonl") ? JSON.stringify(lines(path)) : readFileSync(path, "latin1");
}

/**
 * Records without their times. Numbers are rounded: a scored file that goes on shares its batches otherwise, and the embedded models
 * are not F32.
 */
function lines(path: string): unknown[] {
  const round = (key: string, value: unknown): unknown => {
    if (key === "milliseconds") return 0;
    return typeof value === "number" ? Math.round(value * 10) / 10 : value;
  };
  const records = readFileSync(path, "utf8").trim().split("\n");
  return records.map((line) => JSON.parse(line, round) as unknown);
}

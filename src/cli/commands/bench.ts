import { type Command, Option } from "commander";
import {
  measureSpeed,
  SPEED_MODES,
  type SpeedOptions,
  type SpeedPointResult,
  type SpeedResults,
  writeSpeedReport,
} from "../../bench/index.js";
import { leftOutLines, machineText, plainCells, quietText, speedTable } from "../../bench/report.js";
import { placeTitle } from "../../bench/section.js";
import { type Prompt, readPrompts } from "../../index.js";
import { integers } from "../flags/axis.js";
import { type DataFormat, dataFormatFlag } from "../flags/eval.js";
import { addExamples, addModelFlags, addPolicyFlag, addRewardFlags, type LoadFlags, modelOptions, rewardTerms } from "../flags/flags.js";
import { integer, names, number } from "../flags/values.js";
import { commandLine } from "../terminal/command-line.js";
import { reportLeftOut } from "../terminal/failure.js";
import { table } from "../terminal/format.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, print, printJson } from "../terminal/output.js";
import { type WorkBar, workBar } from "../terminal/progress.js";
import { logTo } from "./session.js";

interface BenchFlags extends LoadFlags {
  prompts?: string;
  format?: DataFormat;
  limit?: number;
  topK?: number[];
  slots?: number[];
  prefix?: number[];
  weight?: number;
  maxTokens?: number;
  rounds?: number;
  modes?: string[];
  out?: string;
  json?: boolean;
}

/** Prompts of a file by default: so many rounds have different ones. */
const LIMIT = 8;

export function addBench(program: Command): void {
  const command = program
    .command("bench")
    .description("Measure how fast these models decode on this machine: plain decoding beside ARGS in each mode that they allow.")
    .option("--prompts <file>", "JSON lines or an array of prompts, or of pairs (default: some of the package's own)")
    .addOption(dataFormatFlag())
    .option("--limit <n>", `prompts of the file that are decoded (default: ${LIMIT})`, integer)
    .option("--modes <a,b>", `what is measured beside plain decoding and ARGS (default: all of ${SPEED_MODES.join(",")})`, names)
    .option("-k, --top-k <n,n>", "candidates a step; each number is measured (default: 10)", integers)
    .option("--slots <n,n>", "prompts decoded at once; each number is measured (default: 1)", integers)
    .option("--prefix <n,n>", "tokens that prompts are made long; each number is measured (default: prompts as they are)", integers)
    .option("-w, --weight <w>", "weight of the reward (default: 0.6)", number)
    .option("-n, --max-tokens <n>", "tokens of each response, which never ends earlier (default: 32)", integer)
    .option("--rounds <n>", "times that everything is measured, side by side (default: 9)", integer)
    .option("-o, --out <dir>", "write results.json, report.html, report.md and charts there")
    .addOption(new Option("--json", "print one JSON object instead of tables"));
  addPolicyFlag(command);
  addRewardFlags(command);
  addModelFlags(command);
  addExamples(command, [
    "bench",
    "bench --policy policy.gguf --reward reward.gguf --prefix 200",
    "bench --policy policy.gguf --reward reward.gguf --prompts prompts.jsonl --top-k 5,10,40 --out speed",
    "bench --policy policy.gguf --reward reward.gguf --slots 1,4,16 --modes shared --json",
  ]);
  command.action(runBench);
}

async function runBench(flags: BenchFlags): Promise<void> {
  logTo(flags.verbose);
  const bar = workBar("measuring");
  const prompts = flags.prompts === undefined ? undefined : await promptsOf(flags.prompts, flags);
  const results = await interruptible((signal) => measureSpeed({ ...optionsOf(flags, bar), prompts, signal })).finally(bar.stop);
  if (results.quiet.busy.length > 0) note(`the machine was busy: ${results.quiet.busy.join("; ")}`, true);
  await (flags.json ? printJson(results) : printResults(results));
  if (flags.out !== undefined) await report(flags.out, results);
}

function optionsOf(flags: BenchFlags, bar: WorkBar): SpeedOptions {
  const { policy, topK, slots, prefix, weight, maxTokens, rounds, modes, tokenizers } = flags;
  return {
    ...modelOptions(flags),
    ...{ policy, reward: rewardTerms(flags), tokenizers, topK, slots, prefix, maxTokens, rounds, modes },
    settings: { dryMultiplier: 0.8, weight },
    onProgress: ({ done, total }) => bar.update(done, total),
  };
}

async function promptsOf(file: string, { format, limit = LIMIT }: BenchFlags): Promise<Prompt[]> {
  const found: Prompt[] = [];
  for await (const { value } of readPrompts(file, { format, onBadLine: ({ place, error }) => reportLeftOut(error, place) })) {
    found.push(value);
    if (found.length >= limit) break;
  }
  return found;
}

async function printResults({ machine, quiet, points }: SpeedResults): Promise<void> {
  await print(`${machineText(machine)}\n${quietText(quiet)}\n`);
  for (const point of points) await printPoint(point);
}

async function printPoint({ point, rows, leftOut }: SpeedPointResult): Promise<void> {
  const { head, rows: cells } = speedTable(rows);
  const numbers = head.map((_, column) => column).slice(1);
  await print(`\n${placeTitle({ ...point })}\n${table([head, ...cells.map(plainCells)], numbers)}`);
  for (const line of leftOutLines(leftOut)) await print(`without ${line}\n`);
}

async function report(dir: string, results: SpeedResults): Promise<void> {
  const written = await writeSpeedReport(dir, results, commandLine());
  if (written.chartsMissing !== null) note(`the report has no charts: ${written.chartsMissing}`, true);
  note(`report: ${written.html}`);
}

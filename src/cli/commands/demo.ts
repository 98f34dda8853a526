import type { Command } from "commander";
import { diversity } from "../../evaluate/index.js";
import { requireWritable, writeWhole } from "../../files/whole-file.js";
import { type Decoder, type GenerateOptions, readPrompts, type Step } from "../../index.js";
import { packageFile } from "../../package-root.js";
import { quantile } from "../../statistics.js";
import { type Comparison, comparison, type Response, summary } from "../demo/layout.js";
import { svg } from "../demo/svg.js";
import { addExamples, verboseFlag } from "../flags/flags.js";
import { integer } from "../flags/values.js";
import type { View } from "../page/beside.js";
import type { Scale } from "../page/colour.js";
import { colourDepth, draw } from "../page/draw.js";
import { legend } from "../page/legend.js";
import { BLANK, type Line } from "../page/line.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, print } from "../terminal/output.js";
import { logTo, withDecoder } from "./session.js";

interface DemoFlags {
  prompts: number;
  svg?: string;
  verbose?: boolean;
}

const PAPER_PROMPT = "Can you help me set up a light show?";

type Method = { method: string; options: GenerateOptions };

const GREEDY: Method = { method: "greedy (w = 0)", options: { method: "greedy", rewards: true } };
const ARGS: Method = { method: "ARGS (w = 0.6)", options: { method: "args", weight: 0.6 } };

export function addDemo(program: Command): void {
  const command = program
    .command("demo")
    .description("Show greedy decoding and ARGS side by side, on the small models that come with argsearch.")
    .option("--prompts <n>", "held-out prompts beside the paper's own (default: 3)", integer, 3)
    .option("--svg <file>", "draw a picture instead")
    .addOption(verboseFlag());
  addExamples(command, ["demo", "demo --prompts 10", "demo --svg demo.svg"]);
  command.action((flags: DemoFlags) => interruptible((signal) => demo(flags, signal)));
}

async function demo({ prompts, svg: file, verbose }: DemoFlags, signal: AbortSignal): Promise<void> {
  logTo(verbose);
  if (file !== undefined) await requireWritable(file);
  const all = [PAPER_PROMPT, ...(await heldOutPrompts(prompts))];
  const results = await withDecoder({}, (decoder) => decodeAll(decoder, all, signal));
  const scale = scaleOf(results);
  if (file !== undefined) return writeWhole(file, svg(page(results, scale, { width: 120, numbers: false }), scale, "argsearch demo"));
  const depth = colourDepth(process.stdout);
  const lines = page(results, scale, { width: Math.min(process.stdout.columns ?? 120, 160), numbers: depth === 1 });
  await print(`${lines.map((line) => draw(line, scale, depth).trimEnd()).join("\n")}\n`);
}

async function heldOutPrompts(count: number): Promise<string[]> {
  const prompts: string[] = [];
  for await (const { value } of readPrompts(packageFile("models", "held-out-prompts.jsonl"))) {
    if (prompts.length >= count) break;
    if (typeof value === "string") prompts.push(value);
  }
  return prompts;
}

async function decodeAll(decoder: Decoder, prompts: readonly string[], signal: AbortSignal): Promise<Comparison[]> {
  const results: Comparison[] = [];
  for (const prompt of prompts) {
    note(`decoding ${results.length + 1} of ${prompts.length}: ${prompt}`);
    const greedy = await respond(decoder, prompt, GREEDY, signal);
    results.push({ prompt, responses: [greedy, await respond(decoder, prompt, ARGS, signal)] });
  }
  return results;
}

async function respond(decoder: Decoder, prompt: string, { method, options }: Method, signal: AbortSignal): Promise<Response> {
  const steps: Step[] = [];
  const stream = decoder.stream(prompt, { ...options, signal });
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) steps.push(next.value);
  signal.throwIfAborted();
  const { text, reward, timings } = next.value;
  return { method, steps, reward: reward ?? Number.NaN, diversity: diversity(text), tokensPerSecond: timings.tokensPerSecond };
}

/** The colours' ends: all rewards but the lowest and highest twentieth. */
function scaleOf(results: readonly Comparison[]): Scale {
  const rewards = results
    .flatMap(({ responses }) => responses.flatMap(({ steps }) => steps.flatMap(({ reward }) => reward ?? [])))
    .sort((a, b) => a - b);
  return { low: quantile(rewards, 0.05), high: quantile(rewards, 0.95) };
}

function page(results: readonly Comparison[], scale: Scale, view: View): Line[] {
  const comparisons = results.flatMap((each) => comparison(each, view));
  return [BLANK, ...(view.numbers ? [] : [legend(scale), BLANK]), ...comparisons, ...summary(results, view.width)];
}

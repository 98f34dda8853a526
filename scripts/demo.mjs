#!/usr/bin/env node
/** The embedded pair, greedy decoding and ARGS side by side. `--svg FILE` draws a picture, `--prompts N` takes more held-out prompts. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { diversity } from "../dist/eval.js";
import { load } from "../dist/index.js";
import { BLANK, comparison, legend, summary } from "./demo/layout.mjs";
import { quantile } from "./demo/measures.mjs";
import { svg } from "./demo/svg.mjs";
import { colourDepth, draw } from "./demo/terminal.mjs";

const PAPER_PROMPT = "Can you help me set up a light show?";
const HELD_OUT = join(fileURLToPath(import.meta.url), "../../models/held-out-prompts.jsonl");

const METHODS = [
  { method: "greedy (w = 0)", options: { method: "greedy" } },
  { method: "ARGS (w = 0.6)", options: { method: "args", weight: 0.6 } },
];

const flags = readFlags();
const results = await decode([PAPER_PROMPT, ...(await heldOutPrompts(Number(flags.prompts)))]);
const scale = scaleOf(results);

if (flags.svg === undefined) {
  const depth = colourDepth(process.stdout);
  const page = layOut(results, { width: Math.min(process.stdout.columns ?? 120, 160), numbers: depth === 1 });
  process.stdout.write(`${page.map((line) => draw(line, scale, depth).trimEnd()).join("\n")}\n`);
} else {
  await writeFile(flags.svg, svg(layOut(results, { width: 120, numbers: false }), scale, "npm run demo"));
}

function readFlags() {
  try {
    const { values } = parseArgs({ options: { svg: { type: "string" }, prompts: { type: "string", default: "3" } } });
    if (!/^\d+$/.test(values.prompts)) throw new Error(`--prompts takes a whole number, got "${values.prompts}"`);
    return values;
  } catch (error) {
    console.error(`demo: ${error.message}`);
    process.exit(2);
  }
}

async function heldOutPrompts(count) {
  const lines = (await readFile(HELD_OUT, "utf8")).split("\n").filter((line) => line.trim() !== "");
  return lines.slice(0, count).map((line) => JSON.parse(line).prompt);
}

/** Every prompt's responses, one a method. */
async function decode(prompts) {
  const decoder = await load();
  const results = [];
  for (const prompt of prompts) {
    const responses = [];
    for (const { method, options } of METHODS) responses.push({ method, ...(await respond(decoder, prompt, options)) });
    results.push({ prompt, responses });
  }
  await decoder.dispose();
  return results;
}

async function respond(decoder, prompt, options) {
  const steps = [];
  const stream = decoder.stream(prompt, options);
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) steps.push({ text: next.value.text, reward: next.value.reward });
  const { text, reward, timings } = next.value;
  return { steps, reward, diversity: diversity(text), tokensPerSecond: timings.tokensPerSecond };
}

/** The colours' ends: all rewards but the lowest and highest twentieth. */
function scaleOf(results) {
  const rewards = results.flatMap(({ responses }) => responses.flatMap(({ steps }) => steps.map(({ reward }) => reward)));
  return { low: quantile(rewards, 0.05), high: quantile(rewards, 0.95) };
}

function layOut(results, view) {
  const comparisons = results.flatMap(({ prompt, responses }) => comparison(prompt, responses, view));
  return [BLANK, ...(view.numbers ? [] : [legend(scale), BLANK]), ...comparisons, ...summary(results, view.width)];
}

/**
 * What guidance costs behind a real server: tokens a second through HTTP at 1 to 16 concurrent requests, plain and guided, with each gate and without
 * one, as a share of plain tokens a second in the same round; share of steps guided; time to the first token. Slots are as many as requests. Beside
 * the shares that the anchor reports for its scalar head, on a GPU and with other models.
 *
 *   npm run bench -- serve [--policy P.gguf --reward R.gguf [--name NAME]] [--no-embedded] [--concurrent 1,2,4,8,16] [--rounds 5] [--tokens 64]
 *     [--answers 2] [--weight 0.6] [--threads N] [--prompts prompts.jsonl] [--out DIR] [--docs NAME]
 *
 * The gates that predict need a reward model with a predictor. --docs writes docs/results/NAME and the part NAME of docs/benchmarks.md.
 */
import { basename, isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/bench/machine.js";
import { Watch } from "../src/bench/quiet.js";
import { leftOutLines, machineText, plainCells, quietText } from "../src/bench/report.js";
import { table } from "../src/cli/terminal/format.js";
import { openEngine } from "../src/engine/engine.js";
import { EMBEDDED, type Prompt, readPrompts } from "../src/index.js";
import { packageFile, packageRoot } from "../src/package-root.js";
import { agent } from "../test/server/soak/http.js";
import { unguidedShare } from "./serve/library.js";
import { measurePair, type ServedPair, type ServeOptions } from "./serve/measure.js";
import { type ServeRun, servedTable, writeServeDocs, writeServeRun } from "./serve/write.js";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({
  options: {
    ...{ policy: text, reward: text, name: text, "no-embedded": { type: "boolean" }, prompts: text },
    ...{ concurrent: { ...text, default: "1,2,4,8,16" }, rounds: { ...text, default: "5" }, tokens: { ...text, default: "64" } },
    ...{ answers: { ...text, default: "2" }, weight: { ...text, default: "0.6" }, threads: text, out: text, docs: text },
  },
});

/** Distinct prompts of a file. */
const PROMPTS = 64;

const options: ServeOptions = {
  concurrency: flags.concurrent.split(",").map(Number),
  rounds: Number(flags.rounds),
  maxTokens: Number(flags.tokens),
  answers: Number(flags.answers),
  weight: Number(flags.weight),
  threads: flags.threads === undefined ? undefined : Number(flags.threads),
  prompts: await promptsOf(flags.prompts ?? packageFile("models", "held-out-prompts.jsonl")),
  progress: (line) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  },
};
const engine = openEngine({ engineDir: undefined, gpu: false });
const watch = await Watch.start();
const sections: ServeRun["sections"][number][] = [];
const unguided: ServeRun["unguided"][number][] = [];
for (const pair of pairs()) {
  const section = await measurePair(pair, options);
  sections.push(section);
  unguided.push({ pair: pair.name, share: await unguidedShare(pair, options) });
  options.progress("");
  const { head, rows } = servedTable(section.rows);
  console.log(`\n${pair.name}`);
  console.log(table([head, ...rows.map((row) => (typeof row === "string" ? [row] : plainCells(row)))]));
  for (const line of leftOutLines(section.leftOut)) console.log(`without ${line}`);
}
agent.destroy();
const run: ServeRun = {
  command: `npm run bench -- serve ${process.argv.slice(2).map(withoutFolder).join(" ")}`.trimEnd(),
  machine: describeMachine(engine),
  quiet: await watch.end(),
  how: `Through the HTTP server, streams of ${flags.tokens} tokens, answers of a client one after the other: ${flags.answers}, prompts that no cache has, as many slots as requests; weight ${flags.weight}, ${options.threads === undefined ? "threads as by default" : `threads: ${options.threads}`}; medians of ${flags.rounds} rounds with quartiles, all modes side by side in each. The anchor's shares are those that SIA over vLLM reports for a scalar head: on a GPU and with other models.`,
  sections,
  unguided,
};
await writeServeRun(
  flags.docs ? join(packageRoot, "docs", "results", flags.docs) : (flags.out ?? join(packageRoot, ".cache", "bench", "serve")),
  run,
);
if (flags.docs) writeServeDocs(flags.docs, run);
for (const { pair, share } of unguided) console.log(`${pair}, unguided with a reward loaded, share of plain: ${share?.median.toFixed(3)}`);
console.log(`\n${machineText(run.machine)}\n${quietText(run.quiet)}`);

/** Where files lie here is nobody's business. */
function withoutFolder(argument: string): string {
  return isAbsolute(argument) ? basename(argument) : argument;
}

function pairs(): ServedPair[] {
  const { policy, reward, name = "given models" } = flags;
  return [
    ...(flags["no-embedded"] ? [] : [{ name: "the embedded pair", ...EMBEDDED }]),
    ...(policy === undefined || reward === undefined ? [] : [{ name, policy, reward }]),
  ];
}

async function promptsOf(file: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { value } of readPrompts(file)) {
    found.push(textOf(value));
    if (found.length === PROMPTS) break;
  }
  return found;
}

/** The last turn. */
function textOf(prompt: Prompt): string {
  if (typeof prompt === "string") return prompt;
  const messages = "messages" in prompt ? prompt.messages : prompt;
  if (typeof messages === "string") return messages;
  const content = messages.at(-1)?.content;
  return typeof content === "string" ? content : "Hello";
}

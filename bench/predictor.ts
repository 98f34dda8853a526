/**
 * What does a reward predictor guess, and what does gate "predicted" save? Decodes prompts exactly, trains on some, and counts on the others
 * how many candidates would be scored and how many tokens would be other ones, by z; then decodes held-out prompts with and without the
 * gate, in turns. Rounds are of whole prompts, medians over them; a busy machine shows in `load`.
 *
 *   npm run bench -- predictor --reward R.gguf --prompts P.jsonl [--policy P.gguf] [--head head.json] [--steps 9360] [--held-out 0.23]
 *     [--weight 1.5] [--k 10] [--max-tokens 96] [--slots 1] [--threads 2] [--rounds 8] [--rate 0.001] [--out out.gguf]
 *
 * `--head`: attached to R.gguf first, which may then be a plain trunk. Steps are kept beside `--out`: the same call goes on with them. 20,000
 * held-out steps: --steps 27200 --held-out 0.735.
 */
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { predictReward } from "../src/fit/index.js";
import { attachReward, type RewardHead } from "../src/import/index.js";
import type { GenerateOptions, GenerateResult, Prompt } from "../src/index.js";
import { load, readPrompts } from "../src/index.js";

const { values: flags } = parseArgs({
  options: {
    reward: { type: "string" },
    prompts: { type: "string" },
    policy: { type: "string" },
    head: { type: "string" },
    steps: { type: "string", default: "9360" },
    "held-out": { type: "string", default: "0.23" },
    weight: { type: "string", default: "1.5" },
    k: { type: "string", default: "10" },
    "max-tokens": { type: "string", default: "96" },
    slots: { type: "string", default: "1" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "8" },
    rate: { type: "string", default: "0.001" },
    epochs: { type: "string", default: "30" },
    out: { type: "string", default: "predictor-bench.gguf" },
  },
});

const { reward: given, prompts: file, policy: named, head, out } = flags;
if (given === undefined || file === undefined) throw new Error("--reward and --prompts are needed");
const common = { gpu: false, threads: Number(flags.threads) } as const;
const settings = { weight: Number(flags.weight), combine: "additive", topK: Number(flags.k) } as const;
const policy = named ?? given;

const withHead = head === undefined ? given : `${out}.trunk.gguf`;
if (head !== undefined) await attachReward({ model: given, head: JSON.parse(readFileSync(head, "utf8")) as RewardHead, out: withHead });

const prompts: Prompt[] = [];
const seen = new Set<string>();
for await (const { value } of readPrompts(file)) {
  const key = JSON.stringify(value);
  if (!seen.has(key)) prompts.push(value);
  seen.add(key);
}

let last = "";
const started = performance.now();
const result = await predictReward({
  ...common,
  ...{ reward: withHead, policy, prompts, out, settings, keepTrajectories: true },
  ...{ steps: Number(flags.steps), heldOut: Number(flags["held-out"]), rate: Number(flags.rate), epochs: Number(flags.epochs) },
  ...{ maxTokens: Number(flags["max-tokens"]), slots: Number(flags.slots) },
  onProgress: ({ phase, done, total }) => {
    const line = `${phase} ${Math.floor((20 * done) / total) * 5} %`;
    if (line !== last) console.error(`${line}  ${((performance.now() - started) / 1000).toFixed(0)} s`);
    last = line;
  },
});
console.log(`${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`);
const { table, ...rest } = result;
console.log(JSON.stringify(rest));
console.table(table.filter(({ z }) => z % 0.5 === 0).map(({ z, scored, rate, upper }) => ({ z, scored, other: rate, atMost: upper })));

/** Prompts that were never decoded come first, from the end. */
const fresh = prompts.slice(-Number(flags.rounds));
const contenders: Record<string, GenerateOptions> = {
  plain: { method: "greedy" },
  exact: {},
  predicted: { gate: "predicted" },
  "predicted-only": { gate: "predicted-only" },
};
const decoder = await load({ ...common, policy, reward: out, slots: 1 });
const found: Record<string, GenerateResult[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (const prompt of fresh) {
  for (const [name, options] of Object.entries(contenders)) {
    found[name]?.push(await decoder.generate(prompt, { ...settings, maxTokens: Number(flags["max-tokens"]), seed: 1, ...options }));
  }
}
await decoder.dispose();
console.table(Object.entries(found).map(([name, results]) => row(name, results, found.exact ?? [])));
console.log(`load ${loadavg()[0]?.toFixed(1)}`);

function row(name: string, results: readonly GenerateResult[], exact: readonly GenerateResult[]): Record<string, string | number> {
  const sum = (of: (each: GenerateResult) => number): number => results.reduce((total, each) => total + of(each), 0);
  const steps = sum(({ gate }) => gate.steps);
  const ms = results.map(({ timings, tokens }) => (timings.total - timings.prefill) / tokens.length).sort((a, b) => a - b);
  return {
    name,
    "ms a step": (ms[ms.length >> 1] ?? Number.NaN).toFixed(2),
    "scored a step": (sum(({ gate }) => gate.candidates) / steps).toFixed(2),
    gated: (sum(({ gate }) => gate.gated) / steps).toFixed(3),
    audited: sum(({ gate }) => gate.audited),
    violations: sum(({ gate }) => gate.violations),
    "same text": results.filter(({ text }, index) => text === exact[index]?.text).length,
    reward: (sum(({ reward }) => reward ?? 0) / results.length).toFixed(3),
  };
}

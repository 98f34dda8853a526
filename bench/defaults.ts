/**
 * Which cache type, flash attention, threads and slots a context are fastest here? A prompt and a step of searches that differ in these
 * alone: they take turns in one process, and each is told by its ratio to the first of the same round, because machines are noisy. On one
 * that others use, the processor time of a step on one thread says more.
 *
 *   npm run bench -- defaults [--types q4_0] [--kv f16,q8_0] [--flash auto,off] [--threads 1,2] [--contexts 16/16]
 *                             [--prefix 200] [--slots 1] [--k 10] [--repeats 15] [--busy 1]
 *                             [--context-size N] [--policy P.gguf --reward R.gguf]
 *
 * `--contexts 16/16,16/4`: most slots that share a context of the policy and of the reward model. `--busy 1`: beside one process that takes
 * a whole core.
 */
import { spawn } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { binding, type NativeSearch, type SearchOptions } from "../src/engine/binding.js";
import { openEngine } from "../src/engine/engine.js";
import { beginOptions } from "../test/helpers/native.js";
import { pairs } from "./lib/pairs.js";

const { values: flags } = parseArgs({
  options: {
    types: { type: "string", default: "q4_0" },
    kv: { type: "string", default: "f16,q8_0" },
    flash: { type: "string", default: "auto,off" },
    threads: { type: "string", default: `1,${cpus().length}` },
    contexts: { type: "string", default: "16/16" },
    prefix: { type: "string", default: "200" },
    slots: { type: "string", default: "1" },
    k: { type: "string", default: "10" },
    repeats: { type: "string", default: "15" },
    busy: { type: "string", default: "0" },
    "context-size": { type: "string" },
    policy: { type: "string" },
    reward: { type: "string" },
  },
});

const [prefix, slots, repeats, topK, busy] = [flags.prefix, flags.slots, flags.repeats, flags.k, flags.busy].map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
/** The threads of the search before sleep, so that the next has the cores to itself. */
const REST_MS = 30;
/** Of each search in a round. */
const STEPS = 5;

type Setting = Required<Pick<SearchOptions, "kvType" | "flashAttention" | "threads" | "slotsPerContext">>;

interface Contender {
  setting: Setting;
  search: NativeSearch;
  promptMs: number[];
  stepMs: number[];
  processorMs: number[];
}

openEngine({ engineDir: undefined, gpu: false });
const others = Array.from({ length: busy }, () => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
try {
  for (const [name, policy, reward] of await pairs(flags)) await compare(name, policy, reward);
} finally {
  for (const other of others) other.kill();
}

async function compare(name: string, policyPath: string, rewardPath: string): Promise<void> {
  const load = (path: string) => binding().loadModel({ path, gpuLayers: 0, backend: "CPU" }, null);
  const [policy, reward] = [await load(policyPath), await load(rewardPath)];
  const contenders: Contender[] = [];
  for (const setting of settings()) {
    const context = { batchSize: 512, contextSize: Number(flags["context-size"] ?? prefix + 64), slots, ...setting };
    const weights = Float64Array.from(reward.info.head?.labels ?? [], () => 1);
    const search = await binding().createSearch({ ...context, policy, rewards: [{ model: reward, weights }] });
    contenders.push({ setting, search, promptMs: [], stepMs: [], processorMs: [] });
  }
  for (let round = 0; round <= repeats; round++) {
    for (const contender of contenders) await measure(contender, round);
  }
  report(name, contenders);
  for (const { search } of contenders) await search.dispose();
  for (const model of [policy, reward]) model.dispose();
}

/** Those that llama.cpp has: a quantised cache takes flash attention. */
function settings(): Setting[] {
  const list = (text: string) => text.split(",");
  const found: Setting[] = [];
  for (const threads of list(flags.threads).map(Number)) {
    for (const kvType of list(flags.kv) as Setting["kvType"][]) {
      for (const flashAttention of list(flags.flash) as Setting["flashAttention"][]) {
        for (const contexts of list(flags.contexts)) {
          const [policy = 16, rewards = 16] = contexts.split("/").map(Number);
          if (kvType !== "q8_0" || flashAttention !== "off") {
            found.push({ kvType, flashAttention, threads, slotsPerContext: { policy, rewards } });
          }
        }
      }
    }
  }
  return found;
}

/** Prompts of a round begin with a token of its own: nothing is cached. The first round warms. */
async function measure({ search, promptMs, stepMs, processorMs }: Contender, round: number): Promise<void> {
  let prompts = 0;
  for (let slot = 0; slot < slots; slot++) {
    const prompt = Array.from({ length: prefix }, (_, at) => (at === 0 ? round * slots + slot : at * 7) % 200);
    const { policyMs, rewardMs } = await search.begin(slot, beginOptions(prompt, { topK, candidates: false }));
    prompts += policyMs + rewardMs;
  }
  const all = Int32Array.from({ length: slots }, (_, slot) => slot);
  await search.step(all);
  const steps: number[] = [];
  const before = process.cpuUsage();
  for (let step = 0; step < STEPS; step++) steps.push((await search.step(all)).totalMs);
  const { user, system } = process.cpuUsage(before);
  if (round > 0) {
    processorMs.push((user + system) / 1000 / STEPS);
    promptMs.push(prompts / (2 * slots * prefix));
    stepMs.push(median(steps));
  }
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
}

function report(name: string, contenders: readonly Contender[]): void {
  const [first] = contenders;
  console.log(
    `${name}: ${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, ${busy} cores taken, prefix ${prefix}, ` +
      `${slots} slots, k = ${topK}, ${repeats} rounds`,
  );
  const row = ({ setting, promptMs, stepMs, processorMs }: Contender) => ({
    "kv cache": setting.kvType,
    "flash attention": setting.flashAttention,
    threads: setting.threads,
    "slots a context": `${setting.slotsPerContext.policy}/${setting.slotsPerContext.rewards}`,
    "prompt, ms a token": median(promptMs).toFixed(3),
    "to the first": ratio(promptMs, first?.promptMs ?? []),
    "step, ms": median(stepMs).toFixed(1),
    "to the first ": ratio(stepMs, first?.stepMs ?? []),
    "processor, ms a step": median(processorMs).toFixed(1),
    "tokens/s": ((slots * 1000) / median(stepMs)).toFixed(1),
  });
  console.table(contenders.map(row));
}

/** Median and quartiles of the ratios of each round. */
function ratio(values: readonly number[], of: readonly number[]): string {
  const ratios = values.map((value, round) => value / (of[round] ?? Number.NaN));
  return `${median(ratios).toFixed(2)} (${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)})`;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(share * values.length)] ?? Number.NaN;
}

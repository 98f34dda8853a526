/**
 * What does a guided step cost? One step (policy token, k rewards, selection) against what llama.cpp does without argsearch: a
 * policy decode plus a raw decode of k tokens with logits. One process, alternating, medians; ratios, because machines are noisy.
 *
 *   npm run bench -- step [--types q4_0,q8_0] [--prefix 200] [--k 10] [--threads 2] [--repeats 30] [--policy P.gguf --reward R.gguf]
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { openEngine } from "../src/engine/engine.js";
import { buildBench, run } from "./lib/native-bench.js";
import { pairs } from "./lib/pairs.js";

/** One line of bench/native/step_bench; milliseconds are medians. */
interface Measured {
  stepMs: number;
  rawMs: number;
  rawPolicyMs: number;
  rawBranchesMs: number;
  rawPooledMs: number;
  ratio: number;
  ratioPooled: number;
  outsideDecode: number;
}

const { values: flags } = parseArgs({
  options: {
    types: { type: "string", default: "q4_0,q8_0" },
    prefix: { type: "string", default: "200" },
    k: { type: "string", default: "10" },
    threads: { type: "string", default: "2" },
    repeats: { type: "string", default: "30" },
    policy: { type: "string" },
    reward: { type: "string" },
  },
});

const program = buildBench("step_bench");
const { dir } = openEngine({ engineDir: undefined, gpu: false });
const rows: Record<string, string>[] = [];
for (const [name, policy, reward] of await pairs(flags)) rows.push(row(name, measure(policy, reward)));
console.log(`${cpus()[0]?.model}, ${flags.threads} threads, prefix ${flags.prefix}, k = ${flags.k}, medians of ${flags.repeats}`);
console.table(rows);

function measure(policy: string, reward: string): Measured {
  const { prefix, k, threads, repeats } = flags;
  return JSON.parse(run(program, [dir, policy, reward, prefix, k, threads, repeats])) as Measured;
}

function row(models: string, found: Measured): Record<string, string> {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return {
    models,
    "argsearch step": ms(found.stepMs),
    "raw llama.cpp": `${ms(found.rawMs)} (${ms(found.rawPolicyMs)} + ${ms(found.rawBranchesMs)})`,
    ratio: found.ratio.toFixed(3),
    "raw, thread pool": ms(found.rawPooledMs),
    "ratio to it": found.ratioPooled.toFixed(3),
    "outside llama_decode": `${(100 * found.outsideDecode).toFixed(2)} %`,
  };
}

/**
 * What does a process of its own cost? Tokens of one prompt, streamed by a decoder in this process and by an isolated one: turns that
 * alternate, a ratio for each pair of turns, medians and quartiles of the ratios, because machines are noisy. Beside it what does not
 * depend on them: the round trip of an empty call, and the processor time that this process spends on a token of the isolated decoder.
 *
 *   npm run bench -- isolate [--types q4_0] [--steps 20] [--turns 15] [--k 10] [--threads 2] [--policy P.gguf --reward R.gguf]
 */
import { cpus, loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type Decoder, load } from "../src/index.js";
import { pairs } from "./lib/pairs.js";
import { quantile, stepMs } from "./lib/steps.js";

const { values: flags } = parseArgs({
  options: {
    types: { type: "string", default: "q4_0" },
    steps: { type: "string", default: "20" },
    turns: { type: "string", default: "15" },
    k: { type: "string", default: "10" },
    threads: { type: "string", default: "2" },
    policy: { type: "string" },
    reward: { type: "string" },
  },
});

const ROUND_TRIPS = 500;

const rows: Record<string, string>[] = [];
for (const [name, policy, reward] of await pairs(flags)) rows.push(await compared(name, policy, reward));
const load1 = loadavg()[0]?.toFixed(1);
console.log(
  `${cpus()[0]?.model}, ${flags.threads} threads, k = ${flags.k}, ${flags.turns} pairs of turns of ${flags.steps} steps, load ${load1}`,
);
console.table(rows);

async function compared(models: string, policy: string, reward: string): Promise<Record<string, string>> {
  const options = { policy, reward, gpu: false, threads: Number(flags.threads), contextSize: 512 } as const;
  const here = await load(options);
  const apart = await load({ ...options, isolate: true });
  const times = { here: [] as number[], apart: [] as number[], ratio: [] as number[], processorUs: [] as number[] };
  for (let turn = 0; turn <= Number(flags.turns); turn++) {
    // Whoever goes second finds the other's threads at rest, and the processor as warm: they take turns at that, too.
    const first = turn % 2 === 0 ? await stepMs(here, flags) : undefined;
    const before = process.cpuUsage();
    const second = await stepMs(apart, flags);
    const { user, system } = process.cpuUsage(before);
    const third = first ?? (await stepMs(here, flags));
    if (turn === 0) continue; // warms both
    times.here.push(third);
    times.apart.push(second);
    times.ratio.push(second / third);
    times.processorUs.push((user + system) / Number(flags.steps));
  }
  const roundTripUs = (await callUs(apart)) - (await callUs(here));
  await Promise.all([here.dispose(), apart.dispose()]);
  const ms = (values: number[]): string => `${quantile(values, 0.5).toFixed(2)} ms`;
  return {
    models,
    "a step here": ms(times.here),
    isolated: ms(times.apart),
    ratio: `${quantile(times.ratio, 0.5).toFixed(3)} (${quantile(times.ratio, 0.25).toFixed(3)} to ${quantile(times.ratio, 0.75).toFixed(3)})`,
    "an empty call more": `${roundTripUs.toFixed(0)} µs`,
    "processor time here": `${quantile(times.processorUs, 0.5).toFixed(0)} µs a token`,
  };
}

/** Median microseconds of a call that decodes nothing. */
async function callUs(decoder: Decoder): Promise<number> {
  const found: number[] = [];
  for (let call = 0; call < ROUND_TRIPS; call++) {
    const started = performance.now();
    await decoder.clear(0);
    found.push(1000 * (performance.now() - started));
  }
  return quantile(found, 0.5);
}

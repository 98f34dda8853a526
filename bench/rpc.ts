/**
 * What does a reward model, or all of a decoder, on an RPC server cost? A server on this machine's loopback, so that the wire costs nothing:
 * what is left is llama.cpp's protocol. Tokens of one prompt, streamed by each placement in turns; a ratio to the local one for each turn.
 *
 *   npm run rpc && npm run bench -- rpc [--types q4_0] [--steps 20] [--turns 9] [--k 10] [--threads 1] [--policy P.gguf --reward R.gguf]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { probeRpcServer } from "../src/engine/rpc-probe.js";
import { type Decoder, type LoadOptions, load } from "../src/index.js";
import { pairs } from "./lib/pairs.js";
import { quantile, stepMs } from "./lib/steps.js";

const { values: flags } = parseArgs({
  options: {
    types: { type: "string", default: "q4_0" },
    steps: { type: "string", default: "20" },
    turns: { type: "string", default: "9" },
    k: { type: "string", default: "10" },
    threads: { type: "string", default: "1" },
    policy: { type: "string" },
    reward: { type: "string" },
  },
});

const FIRST_PORT = 15_052;

/** A server has one client at a time: each placement has one of its own. */
const PLACEMENTS: readonly [name: string, placement: (rpc: string) => LoadOptions][] = [
  ["here", () => ({ isolate: true })],
  ["reward model there", (rpc) => ({ rpc, rewardDevice: "RPC0", policyDevice: "CPU" })],
  ["both there", (rpc) => ({ rpc })],
];

const servers: ChildProcess[] = [];
process.on("exit", () => servers.map((server) => server.kill("SIGKILL")));

const rows: Record<string, string>[] = [];
for (const [name, policy, reward] of await pairs(flags)) rows.push(...(await compared(name, policy, reward)));
const load1 = loadavg()[0]?.toFixed(1);
console.log(
  `${cpus()[0]?.model}, ${flags.threads} threads here and there, k = ${flags.k}, ${flags.turns} turns of ${flags.steps} steps, load ${load1}`,
);
console.table(rows);
process.exit();

async function compared(models: string, policy: string, reward: string): Promise<Record<string, string>[]> {
  const common = { policy, reward, gpu: false, threads: Number(flags.threads), contextSize: 512 } as const;
  const decoders: { name: string; decoder: Decoder; loadMs: number; ms: number[]; ratio: number[] }[] = [];
  for (const [at, [name, placement]] of PLACEMENTS.entries()) {
    const endpoint = await startServer(FIRST_PORT + at);
    const started = performance.now();
    const decoder = await load({ ...common, ...placement(endpoint) });
    decoders.push({ name, decoder, loadMs: performance.now() - started, ms: [], ratio: [] });
  }
  for (let turn = 0; turn <= Number(flags.turns); turn++) {
    const times = new Map<string, number>();
    for (const { name, decoder } of turn % 2 === 0 ? decoders : [...decoders].reverse()) times.set(name, await stepMs(decoder, flags));
    if (turn === 0) continue; // warms all
    for (const each of decoders) {
      const own = times.get(each.name) ?? Number.NaN;
      each.ms.push(own);
      each.ratio.push(own / (times.get("here") ?? Number.NaN));
    }
  }
  for (const { decoder } of decoders) await decoder.dispose();
  for (const server of servers.splice(0)) server.kill("SIGKILL");
  return decoders.map(({ name, loadMs, ms, ratio }) => ({
    models,
    placement: name,
    "a step": `${quantile(ms, 0.5).toFixed(2)} ms`,
    "tokens/s": (1000 / quantile(ms, 0.5)).toFixed(1),
    "times as long": `${quantile(ratio, 0.5).toFixed(2)} (${quantile(ratio, 0.25).toFixed(2)} to ${quantile(ratio, 0.75).toFixed(2)})`,
    loading: `${(loadMs / 1000).toFixed(1)} s`,
  }));
}

async function startServer(port: number): Promise<string> {
  const args = ["--port", String(port), "--threads", flags.threads];
  servers.push(spawn(join(import.meta.dirname, "../build/rpc/rpc-server"), args, { stdio: "ignore" }));
  const endpoint = `127.0.0.1:${port}`;
  for (let left = 600; ; left--) {
    try {
      await probeRpcServer(endpoint);
      return endpoint;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

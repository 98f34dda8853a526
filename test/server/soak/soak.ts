/** Many clients for a long time: nothing crashes, no token is wrong, memory is flat, no slot is lost. */
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../helpers/random.js";
import type { StoredPair } from "../../helpers/stored-models.js";
import { type ServerOrder, ServerProcess } from "./child.js";
import { one } from "./clients.js";
import { type Growth, growthOf, type TimedMemory } from "./memory.js";
import { fillSlots, lostSlots } from "./slots.js";
import { type Known, known, wishes } from "./wishes.js";

export interface SoakOptions {
  pair: StoredPair;
  seed: number;
  seconds: number;
  /** Kinds of ends that are to come before it is over, however slow the machine is: up to ten times as long. */
  kinds?: readonly string[];
  /** Requests under way at once. */
  clients: number;
  slots: number;
  /** Different requests. */
  wishes: number;
  /** Caches are filled first, so that what grows is not they. */
  watchMemory: boolean;
  /** What happens, for whoever waits. */
  say(line: string): void;
}

export interface SoakReport {
  requests: number;
  /** How often each kind of end came. */
  outcomes: Record<string, number>;
  /** What was not to be; empty: all holds. */
  wrong: string[];
  memory: Growth;
  samples: TimedMemory[];
}

/** Milliseconds between two looks at the memory. */
const LOOK_MS = 1000;
const MOST_WRONG = 20;
const CONTEXT = 1024;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { pair, seed, slots, say } = options;
  const wanted = await alone(options);
  say(`${wanted.length} requests answered alone`);
  const server = await ServerProcess.start(orderOf(pair, slots));
  try {
    if (options.watchMemory) await fillSlots(server.url, slots, CONTEXT);
    const report = await under(server, wanted, options);
    if (server.ended === undefined) report.wrong.push(...(await lostSlots(server.url, slots)));
    const again = await Promise.allSettled([known(server.url, wanted.slice(0, 3))]);
    if (again[0]?.status === "rejected") report.wrong.push(`afterwards: ${String(again[0].reason)}`);
    return report;
  } finally {
    const end = await server.stop();
    say(`the server of seed ${seed} ended with ${end}`);
  }
}

function orderOf({ policy, reward }: StoredPair, slots: number): ServerOrder {
  return { load: { policy: policy.path, reward: reward.path, slots, threads: 2, contextSize: CONTEXT } };
}

/** On a server with one slot, one after the other. */
async function alone({ pair, seed, wishes: count }: SoakOptions): Promise<Known[]> {
  const server = await ServerProcess.start(orderOf(pair, 1));
  try {
    return await known(server.url, wishes(new Random(seed), count));
  } finally {
    await server.stop();
  }
}

async function under(server: ServerProcess, wanted: readonly Known[], options: SoakOptions): Promise<SoakReport> {
  const { seed, seconds, clients, kinds = [], say } = options;
  const started = performance.now();
  const report: SoakReport = { requests: 0, outcomes: {}, wrong: [], memory: growthOf([]), samples: [] };
  const isOver = (): boolean => {
    const passed = (performance.now() - started) / 1000;
    return passed > 10 * seconds || (passed > seconds && kinds.every((kind) => report.outcomes[kind] !== undefined));
  };
  const goesOn = (): boolean => !isOver() && server.ended === undefined && report.wrong.length < MOST_WRONG;
  const client = async (_: unknown, index: number): Promise<void> => {
    const random = new Random(seed * 1000 + index);
    while (goesOn()) {
      const { kind, wrong } = await one({ url: server.url, known: wanted, random });
      report.requests++;
      report.outcomes[kind] = (report.outcomes[kind] ?? 0) + 1;
      if (wrong !== undefined && report.wrong.length < MOST_WRONG) report.wrong.push(wrong);
      if (kind === "told to come later") await sleep(100);
    }
  };
  const samples: TimedMemory[] = [];
  const look = async (): Promise<void> => {
    for (; goesOn(); await sleep(LOOK_MS)) {
      samples.push({ at: (performance.now() - started) / 1000, ...(await server.memory()) });
      if (samples.length % 30 === 0)
        say(`${samples.length} s: ${report.requests} requests, ${Math.round((samples.at(-1)?.resident ?? 0) / 2 ** 20)} MiB`);
    }
  };
  await Promise.all([look(), ...Array.from({ length: clients }, client)]);
  if (server.ended !== undefined) report.wrong.push(server.ended);
  if (server.stderr !== "") report.wrong.push(`said on standard error: ${server.stderr}`);
  return { ...report, memory: growthOf(samples), samples };
}

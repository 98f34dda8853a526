/**
 * A server under load for a long time, and what came of it.
 *   npm run check:serve -- [--seconds 300] [--clients 64] [--slots 16] [--wishes 300] [--seed 1] [--json FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { shape135m } from "../../../bench/lib/shape-135m.js";
import { PREFILL_PART } from "../../../src/decode/scheduler.js";
import { Random } from "../../helpers/random.js";
import { modelsIn } from "../../helpers/stored-models.js";
import { ServerProcess } from "./child.js";
import { tokensUntilFirst } from "./first-token.js";
import { agent } from "./http.js";
import { type SoakReport, soak } from "./soak.js";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({
  options: {
    ...{ seconds: { ...text, default: "300" }, clients: { ...text, default: "64" }, slots: { ...text, default: "16" } },
    ...{ wishes: { ...text, default: "300" }, seed: { ...text, default: "1" }, json: text },
  },
});

/** MiB a minute, and between the quarters, that a process of flat memory may seem to grow by. */
const MOST_SLOPE = 4;
const MOST_GROWTH = 16;
/** Tries, and prompt tokens of the best and of the worst: parts that end while messages are on their way count. */
const TRIES = 5;
const BEST = 2 * PREFILL_PART;
const WORST = 4 * PREFILL_PART;

const folder = mkdtempSync(join(tmpdir(), "argsearch-serve-"));
const seed = Number(flags.seed);
const say = (line: string): void => console.error(line);
try {
  const report = await soaked();
  const counts = await firstTokens();
  const failures = [...report.wrong, ...grown(report), ...late(counts)];
  console.log(`${report.requests} requests: ${JSON.stringify(report.outcomes)}`);
  const { first, last, slope, heapSlope, samples } = report.memory;
  console.log(
    `memory, ${samples} samples after the warm-up: ${first.toFixed(1)} MiB, then ${last.toFixed(1)}; ${slope.toFixed(2)} MiB a minute, JavaScript's heap ${heapSlope.toFixed(2)}`,
  );
  console.log(
    `prompt tokens until the first token of a short request behind 3,000 tokens: ${counts.join(", ")}; a part is ${PREFILL_PART}`,
  );
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  if (failures.length === 0) console.log("holds");
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify({ ...report, counts, failures }, null, 2)}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}

function soaked(): Promise<SoakReport> {
  const shape = { contextLength: 1024, layers: 3, chatTemplate: "{% for m in messages %}{{ m.content }}. {% endfor %}" };
  const pair = modelsIn(folder).writePair(71, shape, shape);
  const numbers = {
    seconds: Number(flags.seconds),
    clients: Number(flags.clients),
    slots: Number(flags.slots),
    wishes: Number(flags.wishes),
  };
  return soak({ pair, seed, say, watchMemory: true, ...numbers });
}

/** With models that are as slow as small ones are. */
async function firstTokens(): Promise<number[]> {
  const model = await shape135m("q4_0");
  const server = await ServerProcess.start({ load: { policy: model, reward: model, slots: 2, contextSize: 4096 } });
  try {
    return await tokensUntilFirst(server.url, new Random(seed), TRIES);
  } finally {
    await server.stop();
  }
}

function grown({ memory: { first, last, slope } }: SoakReport): string[] {
  if (slope <= MOST_SLOPE || last - first <= MOST_GROWTH) return [];
  return [`memory grows: ${slope.toFixed(2)} MiB a minute, ${(last - first).toFixed(1)} MiB`];
}

function late(counts: readonly number[]): string[] {
  const [best, worst] = [Math.min(...counts), Math.max(...counts)];
  return best <= BEST && worst <= WORST
    ? []
    : [`a short request waited for ${best} to ${worst} prompt tokens; ${BEST} to ${WORST} are allowed`];
}

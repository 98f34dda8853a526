/**
 * What do gates save, and what do they change? The same prompts without a gate and with each: share of steps left out, candidates rated,
 * milliseconds a step, mean reward of the answers; and how often a gated answer first departs from that without a gate. Models that are not
 * F32 round by the shape of a batch, so that scores which are about the same change places: of the departures those are told apart
 * in which the gate had left the other token out, and with several slots the answers without a gate are decoded again in other batches, for how often
 * rounding alone makes them depart. Each gate that changes the text is set beside leaving out as many steps at random.
 *
 *   npm run bench -- gates [--policy P.gguf --reward R.gguf] [--data prompts.jsonl] [--gates bound,entropy=1,top-probability=0.5]
 *     [--limit 100] [--max-tokens 128] [--weight 0.6] [--slots 1] [--threads N] [--no-random] [--json]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseGate } from "../src/cli/flags/gate.js";
import { type Gate, type GateCounts, type GenerateResult, load, type Prompt, readPrompts, type Step } from "../src/index.js";
import { packageRoot } from "../src/package-root.js";

const { values: flags } = parseArgs({
  options: {
    policy: { type: "string" },
    reward: { type: "string" },
    data: { type: "string", default: join(packageRoot, "models", "held-out-prompts.jsonl") },
    gates: { type: "string", default: "bound,entropy=0.5,entropy=1,entropy=2,top-probability=0.5,top-probability=0.9" },
    limit: { type: "string", default: "100" },
    "max-tokens": { type: "string", default: "128" },
    weight: { type: "string", default: "0.6" },
    slots: { type: "string", default: "1" },
    threads: { type: "string" },
    "no-random": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

/** An answer, with the scores of every step's candidates by token; NaN of those that were not rated. */
interface Answer {
  result: GenerateResult;
  scores: Map<number, number>[];
}

/** What the answers of one gate come to. */
interface Row {
  gate: string;
  steps: number;
  /** Share of the steps in which nothing was rated. */
  gated: number;
  /** Candidates rated a step. */
  candidates: number;
  msAStep: number;
  /** Mean over the answers. */
  reward: number;
  audited: number;
  violations: number;
  /** Steps up to each answer's first departure from that without a gate, and the departures. */
  compared: number;
  departures: number;
  /** Of these, where the gate had not rated the token that wins without it. */
  missed: number;
  /** By how much, in score, the token without a gate led where they departed; ascending. */
  leads: number[];
}

const prompts = await distinctPrompts();
const { policy, reward, threads } = flags;
const decoder = await load({
  ...(policy !== undefined && { policy, reward: reward ?? null }),
  ...(threads !== undefined && { threads: Number(threads) }),
  slots: Number(flags.slots),
});
try {
  const slots = Number(flags.slots);
  const plain = await answers("off");
  const rows = [rowOf("off", plain, plain)];
  if (slots > 1) rows.push(rowOf("off, in other batches", await answers("off", slots - 1), plain));
  for (const name of flags.gates.split(",")) {
    const gate = parseGate(name);
    if (gate === undefined) throw new Error(`there is no gate ${name}`);
    const row = rowOf(name, await answers(gate), plain);
    rows.push(row);
    if (gate === "bound" || flags["no-random"]) continue;
    rows.push(rowOf(`at random, as ${name}`, await answers(atRandom(row.gated)), plain));
  }
  report(rows);
} finally {
  await decoder.dispose();
}

async function distinctPrompts(): Promise<Prompt[]> {
  const found = new Map<string, Prompt>();
  for await (const { value } of readPrompts(flags.data)) {
    found.set(JSON.stringify(value), value);
    if (found.size === Number(flags.limit)) break;
  }
  return [...found.values()];
}

/** No option of the package's own users: see src/decode/gate.ts. */
function atRandom(random: number): Gate {
  return { random } as unknown as Gate;
}

/** So many at a time. */
async function answers(gate: Gate, width = Number(flags.slots)): Promise<Answer[]> {
  const found: Answer[] = [];
  const settings = { gate, candidates: true, weight: Number(flags.weight), maxTokens: Number(flags["max-tokens"]) };
  const answer = async (prompt: Prompt, index: number): Promise<Answer> => {
    const scores: Map<number, number>[] = [];
    const onStep = (step: Step): void => {
      scores.push(new Map((step.candidates ?? []).map(({ token, score }) => [token, score ?? Number.NaN])));
    };
    // A gate draws by the seed: one for all prompts would leave out the same steps of each.
    return { result: await decoder.generate(prompt, { ...settings, seed: index, onStep }), scores };
  };
  for (let first = 0; first < prompts.length; first += width) {
    const some = prompts.slice(first, first + width);
    found.push(...(await Promise.all(some.map((prompt, index) => answer(prompt, first + index)))));
    const steps = sum(found.map(({ result }) => result.tokens.length));
    process.stderr.write(`\r\x1b[K${JSON.stringify(gate)}: ${found.length} of ${prompts.length} prompts, ${steps} steps`);
  }
  process.stderr.write("\n");
  return found;
}

function rowOf(gate: string, found: readonly Answer[], plain: readonly Answer[]): Row {
  const count = (name: keyof GateCounts): number => sum(found.map(({ result }) => result.gate[name]));
  const steps = count("steps");
  const spent = sum(found.map(({ result: { timings } }) => timings.policy + timings.reward + timings.other));
  const departures = found.flatMap((answer, index) => departureOf(answer, plain[index] as Answer));
  return {
    ...{ gate, steps, gated: count("gated") / steps, candidates: count("candidates") / steps, msAStep: spent / steps },
    reward: sum(found.map(({ result }) => result.reward ?? 0)) / found.length,
    ...{ audited: count("audited"), violations: count("violations") },
    compared: sum(departures.map(({ compared }) => compared)),
    departures: departures.filter(({ lead }) => lead !== undefined).length,
    missed: departures.filter(({ missed }) => missed).length,
    leads: departures.flatMap(({ lead }) => lead ?? []).sort((a, b) => a - b),
  };
}

/** Steps up to where an answer leaves that without a gate, and there the lead of the latter's token; none where it never does. */
function departureOf(found: Answer, { result: plain, scores }: Answer): { compared: number; lead?: number; missed?: boolean } {
  const { tokens } = found.result;
  const at = plain.tokens.findIndex((token, index) => tokens[index] !== token);
  if (at < 0) return { compared: plain.tokens.length };
  const score = (token: number | undefined): number => scores[at]?.get(token ?? -1) ?? Number.NaN;
  const rated = !Number.isNaN(found.scores[at]?.get(plain.tokens[at] ?? -1) ?? Number.NaN);
  return { compared: at + 1, lead: score(plain.tokens[at]) - score(tokens[at]), missed: !rated };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function report(rows: readonly Row[]): void {
  if (flags.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  console.table(
    rows.map(({ gate, leads, ...row }) => ({
      gate,
      steps: row.steps,
      gated: percent(row.gated),
      "candidates a step": row.candidates.toFixed(2),
      "ms a step": row.msAStep.toFixed(2),
      reward: row.reward.toFixed(3),
      audited: row.audited,
      violations: row.violations,
      "departures / steps": `${row.departures} / ${row.compared}`,
      "left out there": row.missed,
      "leads there": leads.length === 0 ? "" : `${leads[0]?.toFixed(4)} … ${leads.at(-1)?.toFixed(4)}`,
    })),
  );
}

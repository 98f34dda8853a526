/**
 * What does each kind of reward cost? Plain decoding, heads, token rewards, a question and a head of another tokenizer guide one and the same
 * policy, side by side in rounds; medians and quartiles of milliseconds a token, and of the ratio to plain decoding in the same round.
 *
 * A contrast whose base is the policy must take at most 1.1 times a decode of the policy and one of the tuned model: both are measured in the
 * same rounds.
 *
 *   npm run bench -- rewards [--type q4_0] [--prefix 200] [--k 10] [--tokens 32] [--rounds 9] [--threads N] [--json]
 *     [--policy P.gguf [--head R.gguf] [--trunk R.gguf] [--tuned T.gguf] [--base B.gguf] [--other G.gguf] [--ask "Is the reply polite?"]]
 *
 * Without --policy: random models of the shape of SmolLM2-135M. --trunk: a head on the policy's own trunk; --other: a head on a trunk of
 * another vocabulary; --ask: the policy answers, and what that takes is in `rest`, as of any function. What no file is given for is left out.
 */
import { parseArgs } from "node:util";
import { sampleOf } from "../src/bench/decoder-contender.js";
import { describeMachine } from "../src/bench/machine.js";
import { lengthened } from "../src/bench/prompts.js";
import { Watch } from "../src/bench/quiet.js";
import { machineText, plainCells, quietText, speedTable } from "../src/bench/report.js";
import type { SpeedRow } from "../src/bench/results.js";
import { type Contender, measureRounds, type Sample } from "../src/bench/rounds.js";
import { pairedRatio, type Summary, summary } from "../src/bench/summary.js";
import { table } from "../src/cli/terminal/format.js";
import { openEngine } from "../src/engine/engine.js";
import { type Decoder, type GenerateOptions, load, type Prompt } from "../src/index.js";
import { shape135m } from "./lib/shape-135m.js";
import { type Files, type Kind, kindsOf, NAMES } from "./rewards/kinds.js";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({
  options: {
    ...{ type: { ...text, default: "q4_0" }, prefix: { ...text, default: "200" }, k: { ...text, default: "10" } },
    ...{ tokens: { ...text, default: "32" }, rounds: { ...text, default: "9" }, threads: text, json: { type: "boolean", default: false } },
    ...{ policy: text, head: text, trunk: text, tuned: text, base: text, other: text, ask: text },
  },
});

/** Most that the contrast may take of the two decodes. */
const BOUND = 1.1;
const QUESTION = "Which of these would you take along?";

const random = flags.policy === undefined;
const template = random ? "none" : "auto";
/** As in the paper, and nobody ends before the others. */
const common: GenerateOptions = { maxTokens: Number(flags.tokens), ending: "never", dryMultiplier: 0, seed: 1, template };
const { version } = openEngine({ engineDir: undefined, gpu: false });
const kinds = kindsOf(await files(), Number(flags.k));

const watch = await Watch.start();
const decoders = new Map<Kind, Decoder>();
for (const kind of kinds) decoders.set(kind, await opened(kind));
const samples = await measureRounds<Prompt>([...decoders].map(contender), {
  rounds: Number(flags.rounds),
  warmUp: 1,
  input: await prompt(),
  onProgress: (done, total, name) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} of ${total}, ${name}`);
  },
});
if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
const rows = [...samples].map(([name, each]) => rowOf(name, each));
const bound = boundRatio();
for (const decoder of decoders.values()) await decoder.dispose();
report(await watch.end());

async function files(): Promise<Files> {
  const { policy, head, trunk, tuned, base, other, ask: question } = flags;
  if (policy !== undefined) return { policy, head, trunk, tuned, base, other, question };
  const [own, second, third] = [await shape135m(flags.type), await shape135m(flags.type, 2), await shape135m(flags.type, 3)];
  return { policy: own, head: second, trunk: own, tuned: second, base: third };
}

async function opened({ name, load: options }: Kind): Promise<Decoder> {
  const threads = flags.threads === undefined ? undefined : Number(flags.threads);
  const decoder = await load({ ...options, gpu: false, contextSize: Number(flags.prefix) + 256, threads });
  if (name.includes("shared trunk") && !decoder.info.sharedTrunk) throw new Error("--trunk is no head on the policy's trunk");
  return decoder;
}

/** The same for all: none of it counts, since prompts are in the caches when the clock starts. */
async function prompt(): Promise<() => Prompt> {
  const [any] = decoders.values();
  if (any === undefined) throw new Error("there is nothing to measure");
  const found = await lengthened(any, QUESTION, { tokens: Number(flags.prefix), turn: 0, template });
  return () => found;
}

function contender([{ name, generate }, decoder]: [Kind, Decoder]): Contender<Prompt> {
  const options: GenerateOptions = { ...common, ...generate };
  return {
    name,
    prepare: async (input) => {
      await decoder.generate(input, { ...options, maxTokens: 1 });
    },
    measure: async (input) => {
      const result = await decoder.generate(input, options);
      return sampleOf([result], result.timings.total, generate.method !== "greedy");
    },
  };
}

function rowOf(name: string, own: readonly Sample[]): SpeedRow {
  const ms = summary(own.map((sample) => sample.ms));
  const part = (key: string): number => summary(own.map(({ parts }) => parts?.[key] ?? Number.NaN)).median;
  return {
    name,
    ms,
    tokensPerSecond: 1000 / ms.median,
    toPlain: name === NAMES.plain ? null : pairedRatio(milliseconds(name), milliseconds(NAMES.plain)),
    parts: { policy: part("policy"), reward: part("reward"), rest: part("rest") },
    ...{ rated: null, departures: null, memory: null, rounds: own.map((sample) => sample.ms) },
  };
}

function milliseconds(name: string): number[] | undefined {
  return samples.get(name)?.map(({ ms }) => ms);
}

/** The contrast's milliseconds a token by those of the two models' decodes alone, without what surrounds them. */
function boundRatio(): Summary | null {
  const decodes = (name: string): number[] | undefined => samples.get(name)?.map(({ parts }) => parts?.policy ?? Number.NaN);
  const [policy, tuned] = [decodes(NAMES.plain), decodes(NAMES.plainTuned)];
  if (policy === undefined || tuned === undefined) return null;
  return pairedRatio(
    milliseconds(NAMES.policyAsBase),
    policy.map((ms, round) => ms + (tuned[round] ?? Number.NaN)),
  );
}

function report(quiet: Awaited<ReturnType<Watch["end"]>>): void {
  const machine = describeMachine(openEngine({ engineDir: undefined, gpu: false }));
  if (flags.json) {
    console.log(JSON.stringify({ machine, quiet, flags, rows, bound }, undefined, 1));
    return;
  }
  const { head, rows: cells } = speedTable(rows);
  const models = random ? `random models of the 135M shape, ${flags.type}` : "given files";
  console.log(`${machineText(machine)}\n${quietText(quiet)}\n`);
  console.log(`${models}, llama.cpp ${version}, prefix ${flags.prefix}, ${flags.tokens} tokens, ${flags.rounds} rounds\n`);
  console.log(table([head, ...cells.map(plainCells)]));
  if (bound === null) return;
  const { median, low, high } = bound;
  console.log(
    `contrast with the policy as base: ${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}) times a decode of the policy and one of the ` +
      `tuned model, to be at most ${BOUND}: ${median <= BOUND ? "held" : "not held"}`,
  );
}

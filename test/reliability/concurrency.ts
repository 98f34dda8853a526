/** Hundreds of calls at once on a few slots, many of them aborted at a random moment: each is what it would have been alone. */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ArgsearchError, type Decoder, type GenerateOptions, type GenerateResult, load } from "../../src/index.js";
import { Random } from "../helpers/random.js";
import { writeF32Pair } from "./f32-pair.js";
import { type Finding, type Part, type PartOptions, Tally } from "./part.js";
import { withScratch } from "./scratch.js";

const SLOTS = 4;
const PROMPTS = [
  ...[
    "How do I bake bread?",
    "Write a short story about a tall ship.",
    "What is the capital of France?",
    "hello",
    "Explain the tides to a child.",
  ],
  ...[
    "Say nothing.",
    "List three fruits, and why each is good.",
    "Translate: good morning.",
    "Why is the sky blue?",
    "Tell me a joke about rain.",
  ],
];
const METHODS: readonly GenerateOptions[] = [
  { method: "args", topK: 10, weight: 0.6 },
  { method: "args", topK: 5, weight: 1.5, combine: "additive" },
  { method: "args", topK: 40, weight: 0.3, select: "stochastic", temperature: 0.7 },
  { method: "args", topK: 2, weight: 1 },
  { method: "greedy" },
  { method: "greedy", rewards: true },
  { method: "sample", topK: 40, topP: 0.95 },
  { method: "sample", topK: 0, topP: 1, temperature: 1.3 },
];

interface Call {
  seed: number;
  prompt: string;
  options: GenerateOptions;
  /** When it is aborted: so many milliseconds after so many other calls have ended. */
  abort: { ended: number; wait: number } | undefined;
}

export const concurrency: Part = {
  name: "concurrency",
  title: "many calls at once on four slots, a third of them aborted",
  run: (options) => concurrent(options, 500),
};

export async function concurrent({ seed, count, say }: PartOptions, most: number): Promise<Finding[]> {
  const calls = Array.from({ length: count ?? most }, (_, index) => callOf(seed + index, index));
  return withScratch(async (folder) => {
    const files = { ...(await writeF32Pair(folder)), gpu: false, threads: 1, contextSize: 256 } as const;
    await using decoder = await load({ ...files, slots: SLOTS, queue: false });
    say(`${calls.length} calls at once`);
    const [found, turnedAway] = await Promise.all([together(decoder, calls), intruders(decoder)]);
    say("each alone");
    await using alone = await load(files);
    const [whole, aborted] = [new Tally("concurrent calls on 4 slots"), new Tally("concurrent calls aborted at a random moment")];
    for (const [index, call] of calls.entries()) {
      const wanted = await alone.generate(call.prompt, call.options);
      compare(call, found[index] as GenerateResult | Error, wanted, call.abort === undefined ? whole : aborted);
    }
    return [whole.finding, aborted.finding, turnedAway.finding];
  });
}

/** Calls begin in order: the one at `index` when all but three of those before it have ended. */
function callOf(seed: number, index: number): Call {
  const random = new Random(seed);
  const options = { ...random.pick(METHODS), seed, maxTokens: random.integer(1, 48) };
  const abort = { ended: Math.max(0, index + random.integer(-6, 1)), wait: random.integer(0, 5) };
  return { seed, prompt: random.pick(PROMPTS), options, abort: random.uniform() < 1 / 3 ? abort : undefined };
}

/** All begin at once and wait for slots, as generateAll() does. */
function together(decoder: Decoder, calls: readonly Call[]): Promise<(GenerateResult | Error)[]> {
  const progress = new EventEmitter().setMaxListeners(0);
  let ended = 0;
  const run = async ({ prompt, options, abort }: Call): Promise<GenerateResult | Error> => {
    const controller = new AbortController();
    const onEnded = (): void => {
      if (abort !== undefined && ended >= abort.ended) setTimeout(() => controller.abort(), abort.wait);
    };
    progress.on("ended", onEnded);
    try {
      const [result] = await decoder.generateAll([prompt], { ...options, signal: controller.signal });
      return result as GenerateResult;
    } catch (error) {
      return error as Error;
    } finally {
      progress.off("ended", onEnded);
      ended += 1;
      progress.emit("ended");
    }
  };
  return Promise.all(calls.map(run));
}

/** Calls that do not wait for a slot, in between: every slot is taken. */
async function intruders(decoder: Decoder): Promise<Tally> {
  const tally = new Tally("calls that find every slot taken");
  for (let times = 0; times < 20; times++) {
    const outcome = await decoder.generate("hello", { maxTokens: 1 }).then(
      () => "works",
      (error: ArgsearchError) => error.code,
    );
    // One may slip in between two calls of the others.
    tally.add(outcome, outcome === "BUSY" || outcome === "works" ? undefined : `intruder ${times}: ${outcome}`);
    await sleep(5);
  }
  return tally;
}

function compare({ seed, abort }: Call, found: GenerateResult | Error, wanted: GenerateResult, tally: Tally): void {
  if (found instanceof Error) {
    const fine = abort !== undefined && found instanceof ArgsearchError && found.code === "ABORTED";
    tally.add(fine ? "ABORTED before its first token" : "fails", fine ? undefined : `seed ${seed}: ${found}`);
    return;
  }
  const cut = found.finishReason === "aborted";
  const expected = cut ? wanted.tokens.slice(0, found.tokens.length) : wanted.tokens;
  const same = String(found.tokens) === String(expected) && (cut ? abort !== undefined : found.text === wanted.text);
  tally.add(
    same ? (cut ? "a beginning of its solo run" : "its solo run") : "differs",
    same ? undefined : `seed ${seed}: ${found.finishReason} ${found.tokens} instead of ${wanted.finishReason} ${wanted.tokens}`,
  );
}

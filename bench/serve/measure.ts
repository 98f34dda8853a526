/** A pair behind a real server, at each number of concurrent requests: all modes side by side, in rounds. */
import { rotated } from "../../src/bench/rounds.js";
import { pairedRatio, type Summary, summary } from "../../src/bench/summary.js";
import { ServerProcess } from "../../test/server/soak/child.js";
import { type Load, type Measured, measure, whyNot } from "./client.js";
import { ANCHOR_GUIDED, entropyMode, guidedModes, type Mode, PLAIN } from "./modes.js";

export interface ServedPair {
  name: string;
  policy: string;
  reward: string;
}

export interface ServeOptions {
  concurrency: readonly number[];
  rounds: number;
  maxTokens: number;
  /** Answers of each client in a measurement. */
  answers: number;
  weight: number;
  threads: number | undefined;
  prompts: readonly string[];
  progress(text: string): void;
}

export interface ServedRow {
  mode: string;
  concurrent: number;
  tokensPerSecond: Summary;
  /** Of plain tokens a second of the same round; null for plain itself. */
  share: Summary | null;
  /** Share of the steps that rewards chose. */
  guided: Summary;
  firstMs: Summary;
}

export interface ServedSection {
  pair: string;
  rows: ServedRow[];
  leftOut: { mode: string; reason: string }[];
}

/** Room for the prompts and the answers. */
const CONTEXT = 1024;

export async function measurePair(pair: ServedPair, options: ServeOptions): Promise<ServedSection> {
  const section: ServedSection = { pair: pair.name, rows: [], leftOut: [] };
  const entropy = await withServer(pair, 4, options, (url) => entropyAsAnchor(url, options));
  for (const concurrent of options.concurrency) {
    await withServer(pair, concurrent, options, async (url) => {
      const modes = [PLAIN];
      for (const mode of guidedModes({ weight: options.weight, entropy })) {
        const reason = await whyNot(url, mode);
        if (reason === undefined) modes.push(mode);
        else if (concurrent === options.concurrency[0]) section.leftOut.push({ mode: mode.name, reason: withoutFolders(reason) });
      }
      section.rows.push(...(await measureModes(url, modes, concurrent, pair.name, options)));
    });
  }
  return section;
}

async function withServer<T>(
  { policy, reward }: ServedPair,
  slots: number,
  { threads }: ServeOptions,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const load = { policy, reward, slots, contextSize: CONTEXT, ...(threads !== undefined && { threads }) };
  const server = await ServerProcess.start({ load });
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
}

async function measureModes(url: string, modes: Mode[], concurrent: number, pair: string, options: ServeOptions): Promise<ServedRow[]> {
  const samples = new Map(modes.map(({ name }) => [name, [] as Measured[]]));
  for (let round = -1; round < options.rounds; round++) {
    for (const mode of rotated(modes, round + 1)) {
      options.progress(`${pair}, ${concurrent} concurrent, round ${round + 1} of ${options.rounds}: ${mode.name}`);
      const measured = await measure(url, mode, loadOf(concurrent, options));
      // The first warms up.
      if (round >= 0) samples.get(mode.name)?.push(measured);
    }
  }
  const speeds = (name: string): number[] => samples.get(name)?.map(({ tokensPerSecond }) => tokensPerSecond) ?? [];
  return modes.map(({ name }) => {
    const own = samples.get(name) ?? [];
    return {
      ...{ mode: name, concurrent, tokensPerSecond: summary(speeds(name)) },
      share: name === PLAIN.name ? null : pairedRatio(speeds(name), speeds(PLAIN.name)),
      guided: summary(own.map(({ guided }) => guided)),
      firstMs: summary(own.flatMap(({ firstMs }) => firstMs)),
    };
  });
}

function withoutFolders(text: string): string {
  return text.replaceAll(/[^\s"]*[\\/]([^\s"\\/]+\.gguf)/g, "$1");
}

let asked = 0;

/** Each begins with a number of its own, so that no cache has it. */
function loadOf(clients: number, { answers, maxTokens, prompts }: Pick<ServeOptions, "answers" | "maxTokens" | "prompts">): Load {
  const prompt = (at: number): string => `${++asked}. ${prompts[at % prompts.length] ?? ""}`;
  return {
    clients,
    maxTokens,
    prompts: Array.from({ length: clients }, (_, client) => Array.from({ length: answers }, (__, at) => prompt(client * answers + at))),
  };
}

/** The threshold that guides nearest to as many steps as the anchor does, found by halving. */
async function entropyAsAnchor(url: string, options: ServeOptions): Promise<number> {
  let [low, high] = [0, 8];
  for (let at = 0; at < 7; at++) {
    const entropy = (low + high) / 2;
    options.progress(`entropy that guides ${100 * ANCHOR_GUIDED} % of the steps: ${entropy.toFixed(2)} nats?`);
    const { guided } = await measure(url, entropyMode({ weight: options.weight, entropy }), loadOf(4, { ...options, answers: 4 }));
    if (guided > ANCHOR_GUIDED) low = entropy;
    else high = entropy;
  }
  return (low + high) / 2;
}

/** What a benchmark gives. */
import { wilson } from "../statistics.js";
import type { RoundInput } from "./decoder-contender.js";
import type { Machine } from "./machine.js";
import { EXACT, type LeftOut, MODES, PLAIN } from "./modes.js";
import type { SpeedPoint } from "./options.js";
import type { Quietness } from "./quiet.js";
import type { Sample } from "./rounds.js";
import { pairedRatio, type Summary, summary } from "./summary.js";

/** Tokens that differ from those of plain ARGS, counted on its own prefixes: each response up to its first difference. */
export interface Departures {
  /** Steps on plain ARGS's own prefixes. */
  steps: number;
  /** Of these, those that took another token. */
  departed: number;
  /** Lower end of the 95 % interval of the share, Wilson's. */
  low: number;
  /** Its upper end. */
  high: number;
}

/** Bytes. */
export interface SpeedMemory {
  /** Weights of the policy and of the reward models. */
  weights: number;
  /** KV cells in use, of all slots and models. */
  cache: number;
}

/** One contender at one point. */
export interface SpeedRow {
  /** As tables have it. */
  name: string;
  /** Milliseconds a token, over all slots: of one round each. */
  ms: Summary;
  /** Over all slots: 1000 / median. */
  tokensPerSecond: number;
  /** Times as long as plain decoding, round by round. */
  toPlain: Summary | null;
  /** Median milliseconds a token by what they were spent on; null where that is not told. */
  parts: Record<string, number> | null;
  /** Share of the steps with a reward; null where nothing is rated. */
  rated: number | null;
  /** Null of plain decoding, and of plain ARGS itself. */
  departures: Departures | null;
  /** Null of who is none of argsearch's own modes. */
  memory: SpeedMemory | null;
  /** Every round's milliseconds a token. */
  rounds: number[];
}

/** All contenders at one point, side by side. */
export interface SpeedPointResult {
  point: SpeedPoint;
  /** Plain decoding, ARGS, then the other modes. */
  rows: SpeedRow[];
  /** Modes that were asked for and could not be had. */
  leftOut: LeftOut[];
}

/** What measureSpeed() gives. */
export interface SpeedResults {
  machine: Machine;
  /** Whether something else ran meanwhile. */
  quiet: Quietness;
  /** What was measured: paths, threads (null: as load() chooses them), tokens of a response, rounds, prompts at hand. */
  settings: { policy: string; rewards: string[]; threads: number | null; maxTokens: number; rounds: number; prompts: number };
  /** In the order of the axes. */
  points: SpeedPointResult[];
}

export const TITLE = {
  plain: titleOf(PLAIN),
  exact: titleOf(EXACT),
  shared: titleOf("shared"),
  sharedPredicted: titleOf("shared-predicted"),
} as const;

function titleOf(name: string): string {
  return MODES.find((mode) => mode.name === name)?.title ?? name;
}

/** `inputs`: of each round, in order. `memory`: by contender's name. */
export function rowsOf(
  samples: ReadonlyMap<string, readonly Sample[]>,
  inputs: readonly RoundInput[],
  memory: ReadonlyMap<string, SpeedMemory>,
): SpeedRow[] {
  const plain = samples.get(TITLE.plain)?.map(({ ms }) => ms);
  return [...samples].map(([name, own]) => {
    const rounds = own.map(({ ms }) => ms);
    const ms = summary(rounds);
    return {
      name,
      ms,
      tokensPerSecond: 1000 / ms.median,
      toPlain: name === TITLE.plain ? null : pairedRatio(rounds, plain),
      parts: partsOf(own),
      rated: own.some(({ rated }) => rated !== undefined) ? summary(own.map(({ rated = 0 }) => rated)).median : null,
      departures: name === TITLE.plain || name === TITLE.exact ? null : departures(own, inputs),
      memory: memory.get(name) ?? null,
      rounds,
    };
  });
}

function partsOf(samples: readonly Sample[]): Record<string, number> | null {
  const names = Object.keys(samples[0]?.parts ?? {});
  if (names.length === 0) return null;
  return Object.fromEntries(names.map((name) => [name, summary(samples.map(({ parts = {} }) => parts[name] ?? 0)).median]));
}

/** Rounds that decode the same prompts say the same: they count once. Null where the contender tells no tokens. */
export function departures(samples: readonly Sample[], inputs: readonly RoundInput[]): Departures | null {
  const counted = new Set<number>();
  let [steps, departed] = [0, 0];
  for (const [round, { tokens }] of samples.entries()) {
    const input = inputs[round];
    if (tokens === undefined || input === undefined || counted.has(input.id)) continue;
    counted.add(input.id);
    for (const [slot, own] of tokens.entries()) {
      const reference = input.reference[slot] ?? [];
      const at = own.findIndex((token, index) => token !== reference[index]);
      steps += at < 0 ? own.length : at + 1;
      departed += at < 0 ? 0 : 1;
    }
  }
  return steps === 0 ? null : { steps, departed, ...wilson(departed, steps) };
}

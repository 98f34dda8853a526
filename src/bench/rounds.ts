/** Contenders measured side by side: round by round, each once a round, so that what disturbs the machine disturbs all. */
import { setTimeout } from "node:timers/promises";
import { throwIfAborted } from "../engine/abort.js";

/** What one contender's part of a round gave. */
export interface Sample {
  /** Milliseconds a token, over all slots. */
  ms: number;
  /** Milliseconds a token by what they were spent on. */
  parts?: Readonly<Record<string, number>>;
  /** Ids of the tokens, of each slot. */
  tokens?: readonly (readonly number[])[];
  /** Share of the steps that have a reward, 0 to 1. */
  rated?: number;
}

/** Whoever is measured. `I` is what a round is about: the same for all. */
export interface Contender<I> {
  name: string;
  /** What must be there before the clock starts, such as the prompt in the caches. */
  prepare(input: I): Promise<void>;
  measure(input: I): Promise<Sample>;
}

export interface RoundsOptions<I> {
  /** Rounds that count, from 1. */
  rounds: number;
  /** Rounds before them, which warm caches, pages and clocks. */
  warmUp: number;
  input: (round: number) => I | Promise<I>;
  /** Called before each measurement with how many are done of how many. */
  onProgress?: ((done: number, total: number, name: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Threads that have just worked may still spin: the next one is to have the cores to itself. */
const REST_MS = 30;

/**
 * Each contender's samples, one a round. Who begins changes from round to round, so that nobody always follows the same one.
 *
 * @throws ArgsearchError ABORTED; whatever a contender throws
 */
export async function measureRounds<I>(contenders: readonly Contender<I>[], options: RoundsOptions<I>): Promise<Map<string, Sample[]>> {
  const { rounds, warmUp, onProgress, signal } = options;
  const samples = new Map(contenders.map(({ name }) => [name, [] as Sample[]]));
  const total = (rounds + warmUp) * contenders.length;
  let done = 0;
  for (let round = -warmUp; round < rounds; round++) {
    const input = await options.input(Math.max(0, round));
    for (const contender of rotated(contenders, round + warmUp)) {
      throwIfAborted(signal);
      onProgress?.(done++, total, contender.name);
      await contender.prepare(input);
      await setTimeout(REST_MS);
      const sample = await contender.measure(input);
      if (round >= 0) samples.get(contender.name)?.push(sample);
    }
  }
  return samples;
}

/** The same in another order: everyone is first, and follows another, in turn. */
export function rotated<T>(values: readonly T[], by: number): T[] {
  const at = values.length === 0 ? 0 : by % values.length;
  const turned = [...values.slice(at), ...values.slice(0, at)];
  return by % 2 === 0 ? turned : turned.reverse();
}

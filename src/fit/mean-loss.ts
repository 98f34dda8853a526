/**
 * Losses of a linear head: each pair has some differences of hidden states, and the loss is the mean over pairs of the mean over a
 * pair's differences of a convex curve of w · difference. Everything here is one pass over the feature file, sums in double precision.
 */
import { throwIfAborted } from "../engine/abort.js";
import { dot } from "./dot.js";
import type { FeatureFile } from "./feature-file.js";
import type { FeatureRecord, RecordHead } from "./feature-record.js";
import type { Evaluation } from "./lbfgs.js";
import type { Role } from "./split.js";

/** Whether pairs of a role count. */
export type Includes = (role: Role) => boolean;

/** The pairs that were read, with their roles. */
export interface Pairs {
  features: FeatureFile;
  roleOf: (record: RecordHead) => Role;
  signal: AbortSignal | undefined;
}

export interface Problem {
  /** w, one value a feature. */
  weight: Float64Array;
  includes: Includes;
}

/** The chosen or the rejected response's hidden state at one of a record's rows. */
export interface State {
  row: number;
  side: 0 | 1;
}

/** Less the second state, the first is a difference. */
export type Difference = readonly [State, State];

export interface Loss {
  /** None: the record does not count. */
  differences: (record: RecordHead) => readonly Difference[];
  /** Of a margin w · difference. */
  curve: (margin: number) => number;
  /** Its derivative. */
  slope: (margin: number) => number;
}

/** Remembers what differences there are between such places. */
export function remembered(
  make: (places: readonly number[]) => readonly Difference[],
): (places: readonly number[]) => readonly Difference[] {
  const known = new WeakMap<readonly number[], readonly Difference[]>();
  return (places) => {
    let differences = known.get(places);
    if (differences === undefined) {
      differences = make(places);
      known.set(places, differences);
    }
    return differences;
  };
}

/** Records that have rows and count. Their values are valid until the next one. */
export async function* included({ features, roleOf, signal }: Pairs, includes: Includes): AsyncGenerator<FeatureRecord> {
  for await (const batch of features.batches()) {
    throwIfAborted(signal);
    for (const record of batch) if (record.places.length > 0 && includes(roleOf(record))) yield record;
  }
}

/** A loss among others that are added, and how much it counts. */
export interface Part {
  loss: Loss;
  factor: number;
}

/** The loss of each of the problems, with its gradient. A problem that nothing counts for has value 0. */
export function meanLoss(pairs: Pairs, loss: Loss, problems: readonly Problem[]): Promise<Evaluation[]> {
  return totalLoss(pairs, [{ loss, factor: 1 }], problems);
}

/** The same of several losses added. */
export async function totalLoss(pairs: Pairs, parts: readonly Part[], problems: readonly Problem[]): Promise<Evaluation[]> {
  const { features, roleOf, signal } = pairs;
  const length = features.rowLength;
  const sums = problems.map((problem) => parts.map((part) => ({ ...part, ...problem, ...nothing(length), records: 0 })));
  const vector = new Float64Array(length);
  for await (const batch of features.batches()) {
    throwIfAborted(signal);
    for (const record of batch) {
      const role = roleOf(record);
      const active = sums.filter((_, index) => problems[index].includes(role));
      if (active.length === 0) continue;
      for (const [place, { loss }] of parts.entries()) {
        const differences = loss.differences(record);
        if (differences.length > 0) for (const sum of active) sum[place].records += 1;
        for (const difference of differences) {
          subtract(record.values, difference, vector);
          for (const sum of active) addDifference(sum[place], vector, 1 / differences.length);
        }
      }
    }
  }
  return sums.map((each) => added(each, length));
}

interface Sum extends Part, Evaluation {
  weight: Float64Array;
  records: number;
}

function nothing(length: number): Evaluation {
  return { value: 0, gradient: new Float64Array(length) };
}

/** The means of the parts, as much of each as counts. */
function added(parts: readonly Sum[], length: number): Evaluation {
  const total = nothing(length);
  for (const { factor, records, value, gradient } of parts) {
    const share = factor / Math.max(1, records);
    total.value += share * value;
    for (let i = 0; i < length; i++) total.gradient[i] += share * gradient[i];
  }
  return total;
}

/** One hidden state less another of the same record. */
export function subtract(values: Float32Array, [one, other]: Difference, target: Float64Array): void {
  const length = target.length;
  const [a, b] = [startOf(one, length), startOf(other, length)];
  for (let i = 0; i < length; i++) target[i] = values[a + i] - values[b + i];
}

/** w · h of one state. */
export function rewardOf(weight: Float64Array, values: Float32Array, state: State): number {
  const start = startOf(state, weight.length);
  return dot(weight, values.subarray(start, start + weight.length));
}

function startOf({ row, side }: State, length: number): number {
  return (2 * row + side) * length;
}

function addDifference(sum: Sum, difference: Float64Array, share: number): void {
  const { weight, gradient, loss } = sum;
  const margin = dot(weight, difference);
  sum.value += share * loss.curve(margin);
  const factor = share * loss.slope(margin);
  for (let i = 0; i < gradient.length; i++) gradient[i] += factor * difference[i];
}

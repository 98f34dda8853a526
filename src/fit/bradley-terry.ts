/**
 * The Bradley–Terry model of preferences on hidden states: P(chosen over rejected) = σ(w · (h_chosen − h_rejected)).
 * Everything here is one pass over the feature file, sums in double precision.
 */
import { throwIfAborted } from "../engine/abort.js";
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

/** Pairs that have rows and count. Their values are valid until the next one. */
export async function* included({ features, roleOf, signal }: Pairs, includes: Includes): AsyncGenerator<FeatureRecord> {
  for await (const batch of features.batches()) {
    throwIfAborted(signal);
    for (const record of batch) if (record.places.length > 0 && includes(roleOf(record))) yield record;
  }
}

/**
 * Mean over pairs of the mean over a pair's rows of −log σ(w · difference), with its gradient, for each of the problems.
 * A problem without pairs has value 0.
 */
export async function bradleyTerry({ features, roleOf, signal }: Pairs, problems: readonly Problem[]): Promise<Evaluation[]> {
  const length = features.rowLength;
  const sums = problems.map((problem) => ({ ...problem, pairs: 0, value: 0, gradient: new Float64Array(length) }));
  const difference = new Float64Array(length);
  for await (const batch of features.batches()) {
    throwIfAborted(signal);
    for (const record of batch) {
      const role = roleOf(record);
      const active = sums.filter(({ includes }) => includes(role));
      const rows = record.places.length;
      if (rows === 0 || active.length === 0) continue;
      for (const sum of active) sum.pairs += 1;
      for (let row = 0; row < rows; row++) {
        subtractSides(record.values, row, difference);
        for (const sum of active) addRow(sum, sum.weight, difference, 1 / rows);
      }
    }
  }
  return sums.map(({ pairs, value, gradient }) => {
    const share = 1 / Math.max(1, pairs);
    return { value: value * share, gradient: gradient.map((each) => each * share) };
  });
}

/** The chosen side's hidden state less the rejected side's, at one row. */
export function subtractSides(values: Float32Array, row: number, target: Float64Array): void {
  const length = target.length;
  const chosen = 2 * row * length;
  const rejected = chosen + length;
  for (let i = 0; i < length; i++) target[i] = values[chosen + i] - values[rejected + i];
}

/** w · h of one side at one row. `side`: 0 chosen, 1 rejected. */
export function rewardOf(weight: Float64Array, values: Float32Array, row: number, side: 0 | 1): number {
  const start = (2 * row + side) * weight.length;
  let sum = 0;
  for (let i = 0; i < weight.length; i++) sum += weight[i] * values[start + i];
  return sum;
}

function addRow(sum: Evaluation, weight: Float64Array, difference: Float64Array, share: number): void {
  let margin = 0;
  for (let i = 0; i < weight.length; i++) margin += weight[i] * difference[i];
  // log(1 + exp(-m)) without overflow, and its derivative -σ(-m).
  const small = Math.exp(-Math.abs(margin));
  sum.value += share * (Math.max(0, -margin) + Math.log1p(small));
  const factor = (-share * (margin > 0 ? small : 1)) / (1 + small);
  const { gradient } = sum;
  for (let i = 0; i < gradient.length; i++) gradient[i] += factor * difference[i];
}

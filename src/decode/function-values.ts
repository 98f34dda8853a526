/** What the reward functions say of candidates, be they tokens or drafts. */
import { unlessAborted } from "../engine/abort.js";
import { callRewards } from "../reward/functions.js";
import type { RewardSet } from "../reward/reward-set.js";
import type { CallContext } from "../reward/whole.js";
import type { RewardCandidate, RewardContext } from "../types.js";

/** One array a function, one value a candidate. */
export type FunctionValues = readonly (readonly number[])[];

/** Undefined when the signal fired first. @throws ArgsearchError as callRewards() */
export async function rateByFunctions(
  { functions }: RewardSet,
  { prompt, response, signal, call }: RewardContext & { call: CallContext },
  candidates: readonly RewardCandidate[],
): Promise<FunctionValues | undefined> {
  const calls = callRewards(functions, candidates, { prompt, response, signal }, call);
  return unlessAborted(calls, [signal, call.closing]).catch((error: unknown) => {
    if (signal?.aborted) return undefined;
    throw error;
  });
}

/** Those of one candidate, by its place; NaN where a function gave none. */
export function valuesOf(values: FunctionValues, candidate: number): number[] {
  return values.map((each) => each[candidate] ?? Number.NaN);
}

/** Scoring by an engine in a process of its own. */
import type { CallOptions } from "../engine/isolated.js";
import { answerWith } from "../reward/remote-functions.js";
import type { CallContext } from "../reward/whole.js";
import type { RewardFunction, ScoreInput, ScoreOptions, ScoreResult } from "../types.js";
import { type ResolvedScore, resolveScore } from "./options.js";

interface ScoringEngine {
  call(method: "score", args: [inputs: readonly ScoreInput[], options: ScoreOptions], options: CallOptions): Promise<ScoreResult[]>;
}

/** An array for an array, one result for one input. */
export async function scoreRemotely(
  engine: ScoringEngine,
  functions: readonly RewardFunction[],
  input: ScoreInput | readonly ScoreInput[],
  options: ScoreOptions = {},
  callOf: (resolved: ResolvedScore) => Partial<CallContext> = () => ({}),
): Promise<ScoreResult | ScoreResult[]> {
  const resolved = resolveScore(options);
  const { signal } = resolved;
  const { signal: _, ...data } = options;
  const inputs = Array.isArray(input) ? (input as readonly ScoreInput[]) : [input as ScoreInput];
  const results = await engine.call("score", [inputs, data], { signal, answer: answerWith(functions, signal, callOf(resolved)) });
  if (inputs === input) return results;
  const [result] = results;
  if (result === undefined) throw new Error("one input must give one result");
  return result;
}

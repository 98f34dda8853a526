/** How one response gets its next token: natively in one call, or with JavaScript rewards between two halves. */
import type { NativeCandidates, NativeStep } from "../engine/binding.js";
import type { Model } from "../model/model.js";
import { decodeText } from "../model/text-decoder.js";
import { CHOICES, requireUnbanned } from "../reward/ban.js";
import type { RewardSet } from "../reward/reward-set.js";
import type { CallContext } from "../reward/whole.js";
import type { Prompt, RewardCandidate } from "../types.js";
import { type FunctionValues, rateByFunctions, valuesOf } from "./function-values.js";
import type { Scheduler, SlotStep } from "./scheduler.js";

export interface Chosen extends SlotStep {
  /** Values of the reward functions, one array a function, one value a candidate. */
  functionValues: FunctionValues;
}

/** What a reward function may see of the response so far. */
export interface ResponseView {
  readonly response: string;
  /** Tokens so far. */
  readonly length: number;
  /** The response with these bytes appended, whole characters only. */
  responseWith(bytes: Uint8Array): string;
}

/** Resolves to undefined when the signal ended the wait for a reward function. */
export type Chooser = (view: ResponseView) => Promise<Chosen | undefined>;

export interface ChooserParts {
  scheduler: Scheduler;
  policy: Model;
  rewards: RewardSet;
}

export interface ChooserRequest {
  slot: number;
  /** The rewards choose; otherwise they only rate what the policy chose. */
  guided: boolean;
  prompt: Prompt;
  signal: AbortSignal | undefined;
  /** What servers' rewards are told of the call. */
  call: CallContext;
}

export function chooserFor(parts: ChooserParts, request: ChooserRequest): Chooser {
  if (parts.rewards.functions.length > 0) return (view) => chooseWithFunctions(parts, request, view);
  let taken: readonly NativeStep[] = [];
  return async () => {
    const [next, ...others] = taken;
    taken = others;
    if (next !== undefined) return { step: next, policyMs: 0, rewardMs: 0, functionValues: [] };
    const { steps, ...time } = await parts.scheduler.step(request.slot);
    const [step, ...ahead] = steps;
    if (step === undefined) throw new Error("the native step has no token");
    taken = ahead;
    return { step, ...time, functionValues: [] };
  };
}

async function chooseWithFunctions(parts: ChooserParts, request: ChooserRequest, view: ResponseView): Promise<Chosen | undefined> {
  const { scheduler, policy, rewards } = parts;
  const { slot } = request;
  const proposed = await scheduler.propose(slot);
  const { candidates } = proposed.step;
  if (candidates === undefined) throw new Error("the native proposal has no candidates");
  const functionValues = await rateByFunctions(rewards, { ...request, response: view.response }, describe(policy, candidates, view));
  if (functionValues === undefined) return undefined;
  const combined = sums(rewards, candidates, functionValues);
  if (request.guided) requireUnbanned(combined, view.length + 1, CHOICES.candidates);
  const committed = await scheduler.commit(slot, combined);
  return {
    step: committed.step,
    policyMs: proposed.policyMs + committed.policyMs,
    rewardMs: proposed.rewardMs + committed.rewardMs,
    functionValues,
  };
}

function describe(policy: Model, candidates: NativeCandidates, view: ResponseView): RewardCandidate[] {
  return policy.pieces(candidates.tokens).map((bytes, index) => {
    const token = candidates.tokens[index] ?? -1;
    return {
      token,
      text: decodeText(bytes),
      logProb: candidates.logProbs[index] ?? Number.NaN,
      response: view.responseWith(bytes),
      end: policy.isEog(token),
    };
  });
}

/** Each candidate's whole reward: its native objectives and the functions' values, weighted. */
function sums(rewards: RewardSet, candidates: NativeCandidates, functionValues: FunctionValues): Float64Array {
  return Float64Array.from(candidates.tokens, (_, index) => {
    return rewards.sum([...rewards.row(candidates.objectives, index), ...valuesOf(functionValues, index)]);
  });
}

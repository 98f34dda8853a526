/** How a response grows by blocks: drafts of its next tokens, drawn and rated natively, rated by JavaScript too, and one kept. */
import { unlessAborted } from "../engine/abort.js";
import type { NativeDraft, NativeStep } from "../engine/binding.js";
import { decodeText } from "../model/text-decoder.js";
import { callRewards } from "../reward/functions.js";
import type { RewardSet } from "../reward/reward-set.js";
import type { RewardCandidate } from "../types.js";
import type { Chooser, ChooserParts, ChooserRequest, Chosen, ResponseView } from "./chooser.js";

export interface BlockRequest extends ChooserRequest {
  /** Most tokens of a block. */
  block: number;
  /** Most tokens of the response. */
  longest: number;
}

type FunctionValues = Chosen["functionValues"];

/** Gives the tokens of a kept draft one by one, and then sees to the next block. */
export function blockChooser(parts: ChooserParts, request: BlockRequest): Chooser {
  let kept: Chosen[] = [];
  return async (view) => {
    if (kept.length === 0) kept = (await nextBlock(parts, request, view)) ?? [];
    return kept.shift();
  };
}

/** Undefined when the signal ended it: between two tokens of the drafts, or while a reward function was waited for. */
async function nextBlock(parts: ChooserParts, request: BlockRequest, view: ResponseView): Promise<Chosen[] | undefined> {
  const { scheduler, rewards } = parts;
  const { slot, signal } = request;
  const tokens = Math.min(request.block, request.longest - view.length);
  let [policyMs, rewardMs] = [0, 0];
  while (!signal?.aborted) {
    const drafted = await scheduler.draft(slot, tokens);
    policyMs += drafted.policyMs;
    rewardMs += drafted.rewardMs;
    if (drafted.drafts.length === 0) continue;
    const values = await rateByFunctions(parts, request, view, drafted.drafts);
    if (values === undefined) return undefined;
    const kept = await scheduler.keep(slot, sums(rewards, drafted.drafts, values));
    policyMs += kept.policyMs;
    rewardMs += kept.rewardMs;
    if (kept.steps.length > 0) return chosenOf(rewards, kept.steps, values, { policyMs, rewardMs });
  }
  return undefined;
}

/** Every function's value for each draft; undefined when the signal fired first. */
async function rateByFunctions(
  { rewards }: ChooserParts,
  { prompt, signal, closing }: BlockRequest,
  view: ResponseView,
  drafts: readonly NativeDraft[],
): Promise<FunctionValues | undefined> {
  if (rewards.functions.length === 0) return [];
  const candidates = drafts.map((draft): RewardCandidate => {
    const token = draft.tokens.at(-1) ?? -1;
    return {
      token,
      text: decodeText(draft.bytes),
      logProb: draft.logProbs.reduce((sum, logProb) => sum + logProb, 0),
      response: view.responseWith(draft.bytes),
      end: draft.end,
    };
  });
  const calls = callRewards(rewards.functions, candidates, { prompt, response: view.response, signal });
  return unlessAborted(calls, [signal, closing]).catch((error: unknown) => {
    if (signal?.aborted) return undefined;
    throw error;
  });
}

/** Each draft's whole reward: its native objectives and the functions' values, weighted; none without functions. */
function sums(rewards: RewardSet, drafts: readonly NativeDraft[], values: FunctionValues): Float64Array {
  if (values.length === 0) return new Float64Array(0);
  return Float64Array.from(drafts, ({ objectives }, index) => rewards.sum([...objectives, ...valuesOf(values, index)]));
}

/** The block's time is its first token's. */
function chosenOf(
  rewards: RewardSet,
  steps: readonly NativeStep[],
  values: FunctionValues,
  time: Pick<Chosen, "policyMs" | "rewardMs">,
): Chosen[] {
  return steps.map((step, index) => {
    const functionValues = isRated(steps, index) ? values : [];
    const spent = index === 0 ? time : { policyMs: 0, rewardMs: 0 };
    return { step: { ...step, reward: rewardOf(rewards, step, functionValues, values.length > 0) }, functionValues, ...spent };
  });
}

/** What functions rated is the text: the block's last token, and where that ends the response, the one before, too. */
function isRated(steps: readonly NativeStep[], index: number): boolean {
  return index === steps.length - 1 || (index === steps.length - 2 && steps.at(-1)?.eog === true);
}

function rewardOf(rewards: RewardSet, step: NativeStep, values: FunctionValues, functions: boolean): number | null {
  if (!functions) return step.reward;
  return values.length === 0 ? null : rewards.sum([...step.objectives, ...valuesOf(values, step.rank)]);
}

function valuesOf(values: FunctionValues, draft: number): number[] {
  return values.map((each) => each[draft] ?? Number.NaN);
}

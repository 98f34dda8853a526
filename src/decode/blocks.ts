/** How a response grows by blocks: drafts of its next tokens, drawn and rated natively, rated by JavaScript too, and one kept. */
import type { NativeDraft, NativeStep } from "../engine/binding.js";
import { decodeText } from "../model/text-decoder.js";
import { CHOICES, requireUnbanned } from "../reward/ban.js";
import type { RewardSet } from "../reward/reward-set.js";
import type { RewardCandidate } from "../types.js";
import type { Chooser, ChooserParts, ChooserRequest, Chosen, ResponseView } from "./chooser.js";
import { type FunctionValues, rateByFunctions, valuesOf } from "./function-values.js";

export interface BlockRequest extends ChooserRequest {
  /** Most tokens of a block. */
  block: number;
  /** Most tokens of the response. */
  longest: number;
}

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
    const values = await valuesFor(rewards, request, view, drafted.drafts);
    if (values === undefined) return undefined;
    const combined = requireUnbanned(sums(rewards, drafted.drafts, values), view.length + 1, CHOICES.drafts);
    const kept = await scheduler.keep(slot, combined);
    policyMs += kept.policyMs;
    rewardMs += kept.rewardMs;
    if (kept.steps.length > 0) return chosenOf(rewards, kept.steps, values, { policyMs, rewardMs });
  }
  return undefined;
}

/** Undefined when the signal fired first. */
async function valuesFor(
  rewards: RewardSet,
  request: BlockRequest,
  view: ResponseView,
  drafts: readonly NativeDraft[],
): Promise<FunctionValues | undefined> {
  if (rewards.functions.length === 0) return [];
  return rateByFunctions(rewards, { ...request, response: view.response }, describe(drafts, view));
}

/** Drafts as reward functions see them. */
function describe(drafts: readonly NativeDraft[], view: ResponseView): RewardCandidate[] {
  return drafts.map((draft) => ({
    token: draft.tokens.at(-1) ?? -1,
    text: decodeText(draft.bytes),
    logProb: draft.logProbs.reduce((sum, logProb) => sum + logProb, 0),
    response: view.responseWith(draft.bytes),
    end: draft.end,
  }));
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

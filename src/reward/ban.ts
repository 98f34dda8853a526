/** Bans: what a reward function never wants, whatever it weighs. */
import { ArgsearchError } from "../errors.js";

export function isBan(value: number): boolean {
  return value === Number.NEGATIVE_INFINITY;
}

/** What a step chose among, and how a caller gets more of it. */
export const CHOICES = {
  candidates: { noun: "candidates", option: "topK" },
  drafts: { noun: "drafts", option: "drafts" },
} as const;

/**
 * The rewards of what a step may choose among, one of which at least is no ban.
 *
 * @param step token of the response that they are for, from 1
 * @throws ArgsearchError REWARD_FUNCTION_FAILED
 */
export function requireUnbanned(
  rewards: Float64Array,
  step: number,
  { noun, option }: (typeof CHOICES)[keyof typeof CHOICES],
): Float64Array {
  if (rewards.length === 0 || !rewards.every(isBan)) return rewards;
  const message = `the reward functions ban all ${rewards.length} ${noun} for token ${step} of the response: ask for more with ${option}, or ban less`;
  throw new ArgsearchError("REWARD_FUNCTION_FAILED", message, { option, details: { step } });
}

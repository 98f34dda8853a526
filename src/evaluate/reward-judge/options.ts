import { invalid, nonEmptyText, onlyKnown, plainObject } from "../../validate.js";

/** A judge that is a reward model: it rates every answer, and needs no endpoint. */
export interface JudgeRewardOptions {
  /** Path of a GGUF with a reward head. One on another trunk, with another vocabulary, shares least with the reward that guides. */
  reward: string;
  /** A chat template in place of the file's own: its text, Jinja. Without either, conversations are read as HH-RLHF's transcripts. */
  chatTemplate?: string | undefined;
  /** What to compare: [method, baseline]; default every method against greedy decoding with the same samplers, or plain greedy decoding. */
  pairs?: readonly (readonly [string, string])[] | undefined;
}

const KNOWN: Record<keyof JudgeRewardOptions, true> = { reward: true, chatTemplate: true, pairs: true };

/**
 * @param methods names that pairs may hold
 * @throws ArgsearchError OPTION_INVALID
 */
export function resolveJudgeReward(given: string | JudgeRewardOptions, methods: readonly string[]): JudgeRewardOptions {
  if (typeof given === "string") return { reward: nonEmptyText("judgeReward", given) };
  onlyKnown("judgeReward", plainObject("judgeReward", given), Object.keys(KNOWN));
  nonEmptyText("judgeReward.reward", given.reward);
  if (given.chatTemplate !== undefined) nonEmptyText("judgeReward.chatTemplate", given.chatTemplate);
  for (const name of (given.pairs ?? []).flat()) {
    if (!methods.includes(name)) throw invalid("judgeReward.pairs", `of ${methods.join(", ")}`, name);
  }
  return given;
}

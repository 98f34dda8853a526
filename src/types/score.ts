/** What score() takes and gives. */
import type { ChatMessage, Prompt, TemplateOptions } from "./prompt.js";
import type { RewardAt } from "./reward.js";

/**
 * What to score: a response, in the conversation that it finishes as the reward model's chat template writes it, or a whole
 * text as it is, without a template. A response may be a message, whose other fields the template reads, too. `special` (default false): control
 * tokens that a text spells out ("<|im_end|>") are these tokens, for one that a template has written.
 */
export type ScoreInput = { prompt: Prompt; response: string | ChatMessage } | { text: string; special?: boolean | undefined };

/** One token of a scored text. */
export interface TokenReward {
  id: number;
  text: string;
  /**
   * Reward of prompt + response up to and including this token, plus what token rewards (RewardKind) give this token alone; of a reward model with
   * another tokenizer (`tokenizers: "any"`) up to the last of its own tokens that ends where this one does or before.
   */
  reward: number;
  /** One value an objective: normalised, unweighted. Only where there are several. */
  objectives?: Record<string, number>;
}

/** What score() gives for one input. */
export interface ScoreResult {
  /**
   * The whole response's: at its last token, or with rewardAt "end" at the token that ends the turn behind it; of token rewards the sum over
   * all tokens up to there.
   */
  reward: number;
  /** One value an objective, read there: normalised, unweighted. */
  objectives: Record<string, number>;
  /** Every token of the response, or of the text; none where a server is among those that rate it, which is asked about the whole alone. */
  tokens: TokenReward[];
}

export interface ScoreOptions extends TemplateOptions {
  /** Where `reward` is read; default: as each reward model's file says, else "last". */
  rewardAt?: RewardAt | undefined;
  signal?: AbortSignal | undefined;
}

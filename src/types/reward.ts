/** What guides: reward models and functions. */
import type { Prompt } from "./prompt.js";
import type { RemoteReward } from "./remote.js";

/** Where a response's reward is read: at its last token, or at the token that ends the turn behind it. */
export type RewardAt = "last" | "end";

/** What a JavaScript reward gets for one candidate. */
export interface RewardCandidate {
  /** The candidate's token id and text. */
  token: number;
  text: string;
  /** ln P(token | prompt, response so far), over the whole vocabulary. NaN in score(), which asks no policy. */
  logProb: number;
  /** The response so far, with the candidate appended; whole characters only. */
  response: string;
  /** The candidate ends the response. What it is rated counts with `ending: "reward"`, which is not the default of guided methods; a ban always does. */
  end: boolean;
}

/** What a JavaScript reward gets beside the candidates. */
export interface RewardContext {
  /** As it was given, but that contents of messages are texts: parts joined by line ends, empty where there were none. */
  prompt: Prompt;
  /** The response so far, without any candidate. */
  response: string;
  signal: AbortSignal | undefined;
}

/**
 * A reward of your own: one number a candidate, in their order. -Infinity bans a candidate: it is not taken while another is left, whatever
 * `weight` is, that of the term (0, too) or that of the call; where all are banned, the response fails with REWARD_FUNCTION_FAILED. Methods that
 * rewards do not guide only report bans. Its `name` is that of the objective. One with `ending: "reward"` has an opinion about when to end: calls
 * then default to that ending.
 */
export interface RewardFunction {
  (candidates: readonly RewardCandidate[], context: RewardContext): Promise<ArrayLike<number>> | ArrayLike<number>;
  readonly ending?: "reward";
}

/** A reward model's file, a function or a server's reward, with its weight in the sum. */
export interface RewardTerm {
  /** Path of a GGUF with a reward head or its name on the Hugging Face Hub ("hf:OWNER/REPO:Q8_0"; docs/models.md), a function, or a reward that a server gives. */
  reward: string | RewardFunction | RemoteReward;
  /** Any finite number, default 1; 0 reports the reward without following it, but for its bans. */
  weight?: number | undefined;
  /**
   * Weights of single labels of a head with several, multiplied by `weight`. Default: 1 each; once any is named, the others count 0
   * and are only reported.
   */
  labels?: Readonly<Record<string, number>> | undefined;
  /** A chat template in place of the file's own: its text, Jinja. */
  chatTemplate?: string | undefined;
}

/** What to guide by: the path of a GGUF with a reward head or its name on the Hub, a function, a reward that a server gives, or any of them with a weight. */
export type RewardSpec = string | RewardFunction | RemoteReward | RewardTerm;

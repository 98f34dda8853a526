/** What guides: reward models and functions. */
import type { Prompt } from "./prompt.js";
import type { RemoteReward, RemoteServer } from "./remote.js";

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

/**
 * A reward in plain words: an instruct model reads the conversation, the reply so far as the assistant's turn and a user's turn that asks, and the
 * reward is P(yes) / (P(yes) + P(no)) of its next token, 0 to 1. It is the model's own probability, calibrated against nothing: compare replies by it,
 * and trust no single number. Several questions are several objectives. It rates whole texts, as a server's reward does: best for blocks, best-of-n
 * (a block of "response" length) and score(); for the candidates of each token it is dear, and warns.
 *
 * The model is this process's, or with `url` that of an OpenAI-compatible server (`POST /v1/chat/completions` with `logprobs`), which sees the 20 likeliest
 * tokens alone: an answer that is not among them counts as 0, and where neither is the reward is 0.5.
 */
export interface AskReward extends Partial<Pick<RemoteServer, "url" | "apiKey" | "timeout" | "retries">> {
  /** The question, about the reply: "Is the reply polite and to the point?" That it is to be answered by one word is added. */
  ask: string;
  /** Path of the GGUF of an instruct model; default: the policy itself, its weights shared. With `url`: the server's name of the model, needed. */
  model?: string | undefined;
  /** The two answers, the wished one first, that begin differently; default ["yes", "no"]. Each counts as it is, with a capital and in capitals. */
  answers?: readonly [yes: string, no: string] | undefined;
  /** Name of the objective; default: the question, shortened. */
  name?: string | undefined;
  /** A chat template in place of the model's own: its text, Jinja. Not with `url`. */
  chatTemplate?: string | undefined;
}

/** A reward model's file, a function, a server's reward or a question, with its weight in the sum. */
export interface RewardTerm {
  /** Path of a GGUF with a reward head, a function, a reward that a server gives, or a question in plain words. */
  reward: string | RewardFunction | RemoteReward | AskReward;
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

/** What to guide by: the path of a GGUF with a reward head, a function, a reward that a server gives, a question, or any of them with a weight. */
export type RewardSpec = string | RewardFunction | RemoteReward | AskReward | RewardTerm;

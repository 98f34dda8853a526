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
 * What the file of a reward gives. "head": what its reward head says of the text up to a token. The others are token rewards: causal language
 * models, whose logits rate every token v of the vocabulary behind a text x in one decode of one token, however many candidates there are.
 *
 * - "autoregressive": ln P(v | x), in nats, at most 0. (GenARM, Xu et al., ICLR 2025, arXiv 2410.08193: a model trained to be a reward.)
 * - "contrast": ln P(v | x) - ln P_base(v | x), in nats, of either sign: the reward that a tuned model implies against the one that it was tuned
 *   from. (DPO, Rafailov et al., NeurIPS 2023, arXiv 2305.18290; proxy tuning, Liu et al., COLM 2024, arXiv 2401.08565.)
 * - "values": the logit of v itself, in the model's units: for models whose logits are trained to be rewards or Q values. (FaRMA, ICML 2025,
 *   arXiv 2502.04517.)
 *
 * A token's value is its own; a response's is the sum over its tokens. With a policy on a server, whose tokens are not known, a step has the sum
 * so far.
 */
export type RewardKind = "head" | "autoregressive" | "contrast" | "values";

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
  /**
   * Path of a GGUF with a reward head, or of the `kind` named, or its name on the Hugging Face Hub ("hf:OWNER/REPO:Q8_0"; docs/models.md); a function,
   * a reward that a server gives, or a question in plain words.
   */
  reward: string | RewardFunction | RemoteReward | AskReward;
  /** What the file gives: default "head", or "contrast" where `base` is named. Files alone have one. */
  kind?: RewardKind | undefined;
  /**
   * Of a contrast: path of the model that `reward` was tuned from, with the same vocabulary. It reads the text that `reward` reads, by the
   * chat template of `reward`. Where either of the two is the policy's own file, the policy's logits serve: nothing is loaded or decoded for it,
   * and it reads prompts as the policy does.
   */
  base?: string | undefined;
  /**
   * Path of a LoRA adapter as a GGUF (llama.cpp's convert_lora_to_gguf.py; "hf:OWNER/REPO/FILE.gguf") that is added to the weights of the file `reward`
   * while they are read, at its full scale. The weights are shared with the same file without it: `{ reward: "policy.gguf", adapter: "dpo.gguf",
   * base: "policy.gguf" }` is the contrast of a tuned policy with the policy itself, with nothing else in memory. Files alone have one.
   */
  adapter?: string | undefined;
  /** Any finite number, default 1; 0 reports the reward without following it, but for its bans. */
  weight?: number | undefined;
  /**
   * Weights of single labels of a head with several, multiplied by `weight`. Default: 1 each; once any is named, the others count 0
   * and are only reported. Not of token rewards, which have none.
   */
  labels?: Readonly<Record<string, number>> | undefined;
  /** A chat template in place of the file's own: its text, Jinja; of a contrast for both files. */
  chatTemplate?: string | undefined;
}

/** What to guide by: the path of a GGUF with a reward head or its name on the Hub, a function, a reward that a server gives, a question, or any of them with a weight. */
export type RewardSpec = string | RewardFunction | RemoteReward | AskReward | RewardTerm;

/** What decoding gives. */

/** Why a response ended: end-of-generation token, stop string, maxTokens, context full, AbortSignal. */
export type FinishReason = "eog" | "stop" | "length" | "context" | "aborted";

/** One of the tokens that a step chose among. */
export interface Candidate {
  /** Its id in the policy's vocabulary. */
  token: number;
  text: string;
  /** ln P by the distribution that the policy's samplers leave. */
  logProb: number;
  /** Null without a reward, where GenerateOptions asked for none, and where a gate left it out; as the score. */
  reward: number | null;
  /** What the choice goes by. */
  score: number | null;
  /** One value an objective (label of a reward model or function), normalised, unweighted; null where a gate left it out. */
  objectives: Readonly<Record<string, number | null>>;
  /** It ends inside a character, and a reward model with another tokenizer waits for the rest: its reward is that of the text before. */
  waits?: true;
}

/** A token that the policy might have taken. */
export interface TopLogProb {
  token: number;
  text: string;
  /** ln P by the policy itself, before any sampler. */
  logProb: number;
}

/** One decoded token. */
export interface Step {
  /** Whole characters that became certain with this step; may be empty. */
  text: string;
  /** Its id in the policy's vocabulary. */
  token: number;
  /** The token's own text; torn characters as U+FFFD, control tokens empty. */
  piece: string;
  /** ln P by the distribution that the policy's samplers leave: what the score is made of. */
  logProb: number;
  /** The same by the policy itself, before any sampler. */
  policyLogProb: number;
  /**
   * Reward of prompt + response up to and including this token, plus what token rewards (RewardKind) give this token alone; null without a reward,
   * where GenerateOptions asked for none, inside of blocks, and in steps that a gate has left out, but for the last one.
   */
  reward: number | null;
  /** One value an objective, normalised, unweighted; null where the reward is, for want of reading it. */
  objectives: Readonly<Record<string, number | null>>;
  /** What it was chosen by; null without a reward, and in steps that a gate has left out. */
  score: number | null;
  /** As of its candidate. */
  waits?: true;
  /** In descending log-probability; when asked for in GenerateOptions; not of blocks. */
  candidates?: Candidate[];
  /** The policy's likeliest tokens, in descending log-probability; as many as asked for in GenerateOptions; not of blocks. */
  topLogProbs?: TopLogProb[];
  /** Set on the last step. */
  finishReason?: FinishReason;
}

/** Tokens that a response took. */
export interface Usage {
  /** Of the prompt, those of the chat template among them. */
  promptTokens: number;
  /** Of these, found in the policy's cache. */
  cachedTokens: number;
  /** Of the response, the one that ends the turn among them. */
  completionTokens: number;
}

/** Milliseconds, unless said otherwise. `prefill` and the steps' parts `policy`, `reward` and `other` make the total. */
export interface Timings {
  /** Loading the models: the same in every result of a decoder. */
  load: number;
  /** Decoding the prompt, in all models, with what is around it. */
  prefill: number;
  /** Of it, in the policy and in the reward models. */
  policyPrefill: number;
  rewardPrefill: number;
  /**
   * llama_decode of the steps. Slots that share a batch share its time equally. Rewards of single tokens (RewardKind) are decoded beside the
   * policy where there is neither a gate nor lookahead: that time is the policy's.
   */
  policy: number;
  /** The same, of the reward models, with the choice among the candidates. */
  reward: number;
  /** The rest of the steps: samplers and candidates, reward functions, text, waiting for shared batches. */
  other: number;
  /** Prefill and steps, with the waiting for shared batches; without the time the caller took between steps. */
  total: number;
  /** Response tokens over the steps' time. */
  tokensPerSecond: number;
}

/** Steps of a response, counted by what chose their tokens. */
export interface GateCounts {
  /** All: one a token. */
  steps: number;
  /** Chosen by rewards. */
  guided: number;
  /** Of a guided method, but chosen without: the option `gate` left the reward models out. */
  gated: number;
  /** Of the guided ones, those in which a prediction of rewards closed candidates. */
  predicted: number;
  /** Candidates that were rated, in all steps. */
  candidates: number;
  /** Steps in which all were rated to see whether the gate would have been right, and those in which it would not have been. */
  audited: number;
  violations: number;
}

/** What the option `lookahead` did. */
export interface LookaheadCounts {
  /** Times that the policy ran ahead. */
  windows: number;
  /** Steps that it ran ahead, and those of them whose tokens were taken: so many needed no decode of the reward models of their own. */
  proposed: number;
  accepted: number;
}

/** A response. Arrays have one entry a token. */
export interface GenerateResult {
  text: string;
  /** Ids in the policy's vocabulary. */
  tokens: number[];
  /** Text of each token, torn characters as U+FFFD, control tokens empty. */
  pieces: string[];
  /** ln P by the distribution that the policy's samplers leave; of method "sample", by the policy itself. */
  logProbs: number[];
  /** ln P by the policy itself, before any sampler. */
  policyLogProbs: number[];
  /** The policy's likeliest tokens at each step, where they were asked for. */
  topLogProbs?: TopLogProb[][];
  /**
   * Empty without a reward, and where GenerateOptions asked for none. Null, as the objectives, where none was read: inside of blocks, and in steps that a
   * gate has left out. The text's last token is always read.
   */
  rewards: (number | null)[];
  /** One array an objective; {} where rewards are empty. */
  objectives: Record<string, (number | null)[]>;
  /**
   * The whole response's: at its last token, the one that ends the turn left aside ("last"), or at that one ("end"), which a
   * response that was cut off does not have; of token rewards the sum over all tokens up to there. Null without a reward or such a token,
   * and where a gate has left out a token of a sum.
   */
  reward: number | null;
  /** The whole response's value by each objective, read where `reward` was, which is their weighted sum: normalised, unweighted; {} where rewards are empty. */
  wholeObjectives: Record<string, number | null>;
  finishReason: FinishReason;
  /** What draws it again. */
  seed: number;
  usage: Usage;
  timings: Timings;
  /** Which steps the reward models were left out of. */
  gate: GateCounts;
  /** How far the policy ran ahead of the rewards, and how far they followed. */
  lookahead: LookaheadCounts;
}

/**
 * A response under way: its steps as an async iterable, which ends with the result as its return value, and what most programs want
 * instead. The last step carries the finishReason, except that an abort between two steps ends the iteration without another step.
 *
 * Nothing begins, and no slot is taken, before the first step, the result or a chunk is asked for. Leaving the loop (`break`), return()
 * and cancelling the ReadableStream end the response and give the slot back; a stream that is begun and then neither finished nor left keeps it.
 */
export interface ResponseStream extends AsyncGenerator<Step, GenerateResult, undefined> {
  /**
   * What generate() resolves to. Asking for it lets the response run on by itself, whether or not somebody reads its steps. Of one that was
   * left in the middle: what there was, with finishReason "aborted"; of one that was left before it began it rejects with ABORTED. A rejection that nobody
   * awaits is never an unhandled one.
   */
  readonly result: Promise<GenerateResult>;
  /** The text in UTF-8, for the responses of web frameworks: `new Response(stream.toReadableStream())`. Read either this or the steps. */
  toReadableStream(): ReadableStream<Uint8Array>;
}

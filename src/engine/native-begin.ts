/** What a slot of the addon's search begins with: prompts, and how it decodes. */
import type { NativeCancel } from "./native-model.js";

/** The policy's samplers, all of them; the values named in brackets are off. Windows count tokens of the response. */
export interface NativeSamplers {
  /** What is added to which tokens' logits; one bias a token. */
  biasedTokens: Int32Array;
  biases: Float64Array;
  /** GBNF with a rule "root" [""]. */
  grammar: string;
  repeatLastN: number;
  repeatPenalty: number;
  frequencyPenalty: number;
  presencePenalty: number;
  /** [0] */
  dryMultiplier: number;
  dryBase: number;
  dryAllowedLength: number;
  dryPenaltyLastN: number;
  drySequenceBreakers: readonly string[];
  /** [0] */
  topNSigma: number;
  /** [1] */
  topP: number;
  /** [0] */
  minP: number;
  /** [0] */
  xtcProbability: number;
  xtcThreshold: number;
  /** [1] */
  policyTemperature: number;
}

export interface NativeBlockOptions {
  /** Drafts of a block, and how many of them go on after half of it. */
  drafts: number;
  kept: number;
  /** Rated by the mean over their tokens, not at their ends. */
  mean: boolean;
  /** One a source of SearchOptions.rewards: a draft that ends is read at the token that ends it, not at the last one before. */
  readAtEnd: readonly boolean[];
  stop: readonly string[];
}

/** Which steps, or which of their candidates, are not rated. */
export interface NativeGate {
  kind: "off" | "bound" | "entropy" | "topProbability" | "predicted" | "predictedOnly" | "random";
  /** Of "entropy", in nats; of "topProbability"; of "random", a share of the steps; of "predicted", the rate of other tokens, 0: as the file promises. */
  limit: number;
  /** "predicted" rates more where that was seen to cost no time: what is rated depends on measured times. Default false. */
  fills?: boolean;
}

/** Steps that are rated together. */
export interface NativeLookahead {
  /** Most steps of a window; 1: one at a time. */
  steps: number;
  /** As many of them as pay. */
  adapts: boolean;
  /** Most tokens of the response, from 1: no window goes beyond. */
  longest: number;
}

export interface BeginOptions {
  /** The policy's prompt. Non-empty. Its last token is decoded by the first step, the others now. */
  policyTokens: Int32Array;
  /**
   * The prompt of each model that reads: of SearchOptions.rewards, in their order, each source's model, then its base, but for "policy".
   * Decoded now. Null: nothing is rated, and what the reward models
   * hold of the slot stays as it is; not with blocks.
   */
  rewardTokens: Int32Array[] | null;
  /** What each reward model that reads text is given for a token that ends the response; of the others nothing is read. Default none. */
  rewardEnds?: Int32Array[];
  /**
   * "args": top-k candidates. "sample": one candidate out of llama.cpp's samplers. Greedy decoding is args with topK 1. "blocks": draft() and
   * keep() in place of step().
   */
  method: "args" | "sample" | "blocks";
  topK: number;
  weight: number;
  combine: "interpolate" | "additive";
  select: "greedy" | "stochastic";
  temperature: number;
  /** What an end-of-generation candidate is scored with: its own reward, the best of the others; or it is no candidate. */
  ending: "reward" | "policy" | "never";
  /** Of method "args". */
  gate: NativeGate;
  /** Of method "args" with reward models, and without a gate; default one step at a time. */
  lookahead?: NativeLookahead;
  samplers: NativeSamplers;
  /** Of method "blocks". */
  blocks?: NativeBlockOptions;
  /** Unsigned 32 bit. */
  seed: number;
  /** Return every step's candidates. */
  candidates: boolean;
  /** How many of the policy's likeliest tokens to return with every step, 0: none. */
  topLogProbs: number;
  /** Most prompt tokens to decode now, all models' together; default all. */
  limit?: number | undefined;
  cancel?: NativeCancel;
}

/** The addon's search: slots, steps and what they cost. */
import type { BeginOptions } from "./native-begin.js";
import type { ContextOptions, NativeModel } from "./native-model.js";

/** What a reward model gives: its head's labels, of a text; or as a causal language model, of each token that may follow, ln P or the logit. */
export type NativeRewardKind = "head" | "logProb" | "logit";

/** One reward of a search, with the weight of each of its labels. */
export interface NativeRewardSource {
  /** "policy", of "logProb" with a base: ln P of the policy itself, by its own prompt, which takes no decode. */
  model: NativeModel | "policy";
  /** One weight a label, or one for a reward of tokens; the combined reward is the weighted sum over all labels of all sources. */
  weights: Float64Array;
  /** Default "head". */
  kind?: NativeRewardKind;
  /** Of "logProb": what is subtracted, ln P of another model; or of the policy itself, by its own prompt, which takes no decode. */
  base?: NativeModel | "policy";
  /** It has another vocabulary than the policy, and reads its text. Default false. */
  retokenise?: boolean;
}

export interface SearchOptions extends ContextOptions {
  policy: NativeModel;
  rewards: NativeRewardSource[];
  /** Prompts decoded at once. */
  slots: number;
  /** Tokens of prompt and response that one slot may hold. */
  contextSize: number;
  /** Reward models on the policy's own weights are read in its context, where they read the same tokens; default false. */
  shareTrunk?: boolean;
  /**
   * Most slots that share a context of the policy, or of a reward model, 1 to 128. Default 16; on a processor, where candidates are
   * rated, as few as 16 contexts allow. */
  slotsPerContext?: { policy: number; rewards: number };
}

/** What a call that goes on with a prompt takes, as begin() does. */
export type PrefillOptions = Pick<BeginOptions, "limit" | "cancel">;

/** Tokens found in the cache and tokens decoded, with the time that took, since the prompt's begin(). */
export interface BeginResult {
  policyCached: number;
  policyDecoded: number;
  /** One a model that reads, as BeginOptions.rewardTokens. */
  rewardCached: number[];
  rewardDecoded: number[];
  /** Milliseconds. */
  policyMs: number;
  rewardMs: number;
  /** False: prefill() is due. */
  done: boolean;
}

/** k candidates in descending log-probability. */
export interface NativeCandidates {
  tokens: Int32Array;
  /** Natural logarithms over what the policy's samplers leave. */
  logProbs: Float64Array;
  /** Combined rewards; empty without any. NaN, as its objectives and score, of a candidate that a gate has closed. */
  rewards: Float64Array;
  /** k x n objectives, row-major: every label of every reward model, normalised, unweighted. */
  objectives: Float64Array;
  /** Combined scores; empty after propose(). */
  scores: Float64Array;
  /** Which of them end inside a character, for a reward model that reads text; absent without one. */
  waits?: boolean[];
}

/** The policy's likeliest tokens, by its own distribution, in descending log-probability. */
export interface NativeLogProbs {
  tokens: Int32Array;
  logProbs: Float64Array;
}

export interface NativeStep {
  slot: number;
  /** The committed token; -1 after propose(). */
  token: number;
  /** Its place among the candidates. */
  rank: number;
  eog: boolean;
  /** UTF-8 bytes of the token, possibly a part of a character; empty for control tokens. */
  bytes: Uint8Array;
  logProb: number;
  /** By the policy itself, over the whole vocabulary. */
  policyLogProb: number;
  /** Null without a reward, and where nothing is rated; objectives and score are then NaN, or as without a reward. */
  reward: number | null;
  objectives: Float64Array;
  score: number;
  /** Candidates that the reward models have rated; not of blocks. */
  rated: number;
  /** A gate had all of them rated to see whether it would have been right; and it would not have been. */
  audited: boolean;
  violated: boolean;
  /** A predictor's guesses have closed candidates. */
  predicted: boolean;
  /** See NativeCandidates; not of blocks. */
  waits: boolean;
  /** The slot has no room for another token: its response ends here. */
  full: boolean;
  /** Steps of the window that it was rated in, and its place there from 0: 1 and 0 where nothing was looked ahead to. */
  window: number;
  ahead: number;
  /** Present when asked for in BeginOptions, and always after propose(). */
  candidates?: NativeCandidates;
  /** Present when asked for in BeginOptions; not of blocks. */
  topLogProbs?: NativeLogProbs;
}

/** The reward of a token that was taken unrated, read later. */
export interface NativeLateReward {
  reward: number;
  objectives: Float64Array;
}

/** Those of a slot's last token and of the one before; null where its step had it, or nothing is rated. */
export interface NativeEnd {
  slot: number;
  last: NativeLateReward | null;
  before: NativeLateReward | null;
}

export interface NativeEndBatch {
  slots: NativeEnd[];
  failed: { slot: number; error: Error }[];
  rewardMs: number;
}

export interface NativeStepBatch {
  /** One a slot, or of a slot that looks ahead as many as were taken, in their order. */
  steps: NativeStep[];
  /** Slots that cannot go on, while the others did. */
  failed: { slot: number; error: Error }[];
  /** Milliseconds inside the policy's and the reward models' llama_decode, and of the whole call. */
  policyMs: number;
  rewardMs: number;
  totalMs: number;
}

/** One way to go on, rated. */
export interface NativeDraft {
  tokens: Int32Array;
  /** Of each token, by what the policy's samplers leave, and by the policy itself. */
  logProbs: Float64Array;
  policyLogProbs: Float64Array;
  /** UTF-8, possibly torn at the end. */
  bytes: Uint8Array;
  /** It ends the response. */
  end: boolean;
  /** One a native objective, where the draft is rated. */
  objectives: Float64Array;
  /** Their weighted sum; null without a reward model. */
  reward: number | null;
}

export interface NativeDraftBatch {
  /** `drafts` is empty while they are drawn; else keep() is due. */
  slots: { slot: number; drafts: NativeDraft[] }[];
  failed: { slot: number; error: Error }[];
  policyMs: number;
  rewardMs: number;
}

export interface NativeKeepBatch {
  /**
   * The tokens of the draft that was taken: `rank` is its place among the drafts, `reward` null and `objectives` NaN where no reward was
   * read, `score` NaN but for the last. None when some drafts were dropped and the others go on: draft() is due.
   */
  slots: { slot: number; steps: NativeStep[] }[];
  failed: { slot: number; error: Error }[];
  policyMs: number;
  rewardMs: number;
}

/**
 * Counted since the search was made. Prefill tokens are those that begin() decoded, shared ones those that it found in another slot's
 * cache, all others those of steps.
 */
export interface SearchCounters {
  /** Of all slots. */
  steps: number;
  /** Decoded by the policy in steps: one a step, but for blocks, and for steps that were looked ahead to in vain. */
  policyTokens: number;
  /** Of prompts, decoded by the policy. */
  policyPrefillTokens: number;
  /** Of prompts, found in another slot's cache of the policy. */
  policySharedTokens: number;
  /** Decoded by the reward models in steps: one a candidate and model with a head, one a language model, and one a token that a gate had left out. */
  rewardTokens: number;
  /** Of prompts, decoded by the reward models. */
  rewardPrefillTokens: number;
  /** Of prompts, found in another slot's cache of the reward models. */
  rewardSharedTokens: number;
  /** Calls of llama_decode. */
  policyDecodes: number;
  /** Calls of llama_decode. */
  rewardDecodes: number;
  /** How often a reward model's vocabulary projection was evaluated: 0 unless the architecture forces the fallback. */
  rewardProjections: number;
  /** Milliseconds inside llama_decode, prefill included. */
  decodeMs: number;
}

/** Bytes of the KV cells in use (llama_state_get_size), not of the whole cache. */
export interface CacheBytes {
  /** Of all slots together. */
  policy: number;
  /** One a model that reads, as BeginOptions.rewardTokens. */
  rewards: number[];
}

export interface NativeSearch {
  /** Fills a slot's caches with its prompt, reusing the longest prefix that they, or those of another slot, already hold. */
  begin(slot: number, options: BeginOptions): Promise<BeginResult>;
  /** Goes on with the prompts of a begin() that was not done. Where it fails, the slot needs a new begin(). */
  prefill(slot: number, options: PrefillOptions): Promise<BeginResult>;
  /** Propose, score, select and commit one token for each of the slots, or several of those that look ahead, in as few batches as there can be. */
  step(slots: Int32Array): Promise<NativeStepBatch>;
  /** The first half of a step: candidates with their native rewards, nothing chosen. Not with a gate. */
  propose(slots: Int32Array): Promise<NativeStepBatch>;
  /** The second half: rewards[i] holds the k combined rewards that replace those of slots[i]'s candidates. */
  commit(slots: Int32Array, rewards: Float64Array[]): Promise<NativeStepBatch>;
  /** Reads the rewards of the slots' last tokens that gates have left out. */
  rateEnd(slots: Int32Array): Promise<NativeEndBatch>;
  /** One more token for the drafts of slots begun with method "blocks", in one batch; a block that begins has tokens[i] at most. */
  draft(slots: Int32Array, tokens: Int32Array): Promise<NativeDraftBatch>;
  /** Chooses among drafts by the rewards given for each of them, or with an empty array by the reward models' own. */
  keep(slots: Int32Array, rewards: Float64Array[]): Promise<NativeKeepBatch>;
  /** Forgets a slot's cache. */
  clear(slot: number): Promise<void>;
  counters(): SearchCounters;
  cacheBytes(): Promise<CacheBytes>;
  /** Policy and reward models can read a slot in one context. */
  sharesTrunk(): Promise<boolean>;
  /** Drains what runs, frees the contexts, then resolves. Twice is fine. */
  dispose(): Promise<void>;
}

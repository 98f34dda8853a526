/** Rewards of whole texts, that servers give or models that are asked: functions to everyone, but asked as rarely as can be, and told more of the call. */
import type { ChatFormat } from "../model/chat.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import type { RewardAt, RewardCandidate, RewardContext, RewardFunction } from "../types.js";

/** What such a reward knows of a call, beside what functions know. */
export interface CallContext {
  /** The policy's chat template; undefined without a policy. */
  format: ChatFormat | undefined;
  template: ResolvedTemplate;
  rewardAt: RewardAt | undefined;
  /** Fires when the owner is disposed of; its reason is the DISPOSED error. */
  closing: AbortSignal;
}

export type WholeReward = (candidates: readonly RewardCandidate[], context: RewardContext & Partial<CallContext>) => Promise<number[]>;

/** What a process warning says where each token's candidates are rated so. */
export interface PerToken {
  code: string;
  words: (method: string) => string;
}

const BY_SERVER: PerToken = {
  code: "ARGSEARCH_REMOTE_REWARD_PER_TOKEN",
  words: (method) =>
    `a server rates the candidates of each token of method "${method}": one request a token, 20 to 100 ms each as others have measured, while everything waits. Method "blocks" asks once in 16 tokens; a reward model in this process costs one decode of a few tokens`,
};

const wholes = new WeakMap<RewardFunction, PerToken>();

/** A function of this name that isWhole() knows; `identity` is what its numbers depend on, where its text is asked for. */
export function asWhole(name: string, rate: WholeReward, identity = name, perToken = BY_SERVER): RewardFunction {
  const reward: RewardFunction = Object.defineProperties(rate, { name: { value: name }, toString: { value: () => identity } });
  wholes.set(reward, perToken);
  return reward;
}

/** It rates a whole response in one go, and not each of its tokens. */
export function isWhole(reward: unknown): boolean {
  return typeof reward === "function" && wholes.has(reward as RewardFunction);
}

const told = new Set<string>();

/** Warns, once a process, where a server or a model that is asked is to rate the candidates of each token. */
export function warnOfTokens(functions: readonly { reward: RewardFunction }[], method: string): void {
  if (method === "blocks") return;
  for (const { reward } of functions) {
    const perToken = wholes.get(reward);
    if (perToken === undefined || told.has(perToken.code)) continue;
    told.add(perToken.code);
    process.emitWarning(perToken.words(method), { type: "ArgsearchWarning", code: perToken.code });
  }
}

/**
 * ARGS by brute force (Khanov et al., ICLR 2024, algorithm 1): at every step the policy reads the whole text again, and the
 * reward models read the whole text again for each candidate. No cache, no batch, no branch.
 */
import type { Ending } from "../../src/index.js";
import type { RandomModel } from "./random-model.js";
import { logSoftmax, nextLogits, rewardsAtEnd, tokenValue } from "./reference-llama.js";

/** A model with the tokens of the prompt as it reads it. */
export interface Reading {
  model: RandomModel;
  prompt: readonly number[];
}

export interface RewardReading extends Reading {
  /** One weight a label; default 1 each. */
  weights?: readonly number[];
  /** Of a token reward: what each token is worth by itself. */
  kind?: "logProb" | "logit";
  /** What its ln P is compared with. */
  base?: Reading;
}

export interface Setting {
  policy: Reading;
  rewards: readonly RewardReading[];
  topK: number;
  weight: number;
  combine: "interpolate" | "additive";
  /** Tokens that are never proposed; default none. Their probability is not given to the others. */
  excluded?: ReadonlySet<number>;
  /** What the policy's samplers leave of the logits; default all. */
  sampled?: (logits: Float64Array, response: readonly number[]) => Float64Array;
  /** What decides the ending; default "reward". */
  ending?: Ending;
}

export interface ReferenceCandidate {
  token: number;
  logProb: number;
  /** The weighted sum of the objectives; NaN without a reward model. */
  reward: number;
  /** Every label of every reward model, unweighted. */
  objectives: number[];
  /** What it is chosen by: the log-probability itself without a reward model. */
  score: number;
}

export interface ReferenceStep {
  /** The top-k, the most likely first. */
  candidates: ReferenceCandidate[];
  best: ReferenceCandidate;
  /** Score of the best less that of the second best: which candidate wins is certain only above the arithmetic's error. */
  scoreMargin: number;
  /** Log-probability of the least likely candidate less that of the most likely other token: who belongs to the top-k. */
  memberMargin: number;
}

/** The step that follows a response so far. */
export function referenceStep(setting: Setting, response: readonly number[]): ReferenceStep {
  const { policy, topK, excluded, sampled = (logits) => logits, ending } = setting;
  const logProbs = logSoftmax(sampled(nextLogits(policy.model, [...policy.prompt, ...response]), response));
  const { eos } = policy.model.vocabulary;
  const proposable = Array.from(logProbs, (logProb, token) => ({ token, logProb })).filter(({ token, logProb }) => {
    return Number.isFinite(logProb) && !excluded?.has(token) && !(ending === "never" && token === eos);
  });
  const ranked = proposable.sort((a, b) => b.logProb - a.logProb);
  const candidates = ranked.slice(0, topK).map(({ token, logProb }) => rate(setting, [...response, token], token, logProb));
  if (ending === "policy") endByPolicy(setting, candidates, eos);
  const [best, second] = [...candidates].sort((a, b) => b.score - a.score);
  const outside = ranked[topK];
  return {
    candidates,
    best,
    scoreMargin: second ? best.score - second.score : Number.POSITIVE_INFINITY,
    memberMargin: outside ? candidates[candidates.length - 1].logProb - outside.logProb : Number.POSITIVE_INFINITY,
  };
}

/** What a reward says of a response at its last token: of the whole, or of a token reward of that token alone. */
export function valuesAtEnd({ model, prompt, kind, base }: RewardReading, response: readonly number[]): number[] {
  if (kind === undefined) return rewardsAtEnd(model, [...prompt, ...response]);
  const less = base ? tokenValue(base.model, [...base.prompt, ...response], kind) : 0;
  return [tokenValue(model, [...prompt, ...response], kind) - less];
}

function rate(setting: Setting, response: readonly number[], token: number, logProb: number): ReferenceCandidate {
  const { rewards, weight, combine } = setting;
  const found = rewards.map((reading) => valuesAtEnd(reading, response));
  const objectives = found.flat();
  const weights = rewards.flatMap((reading, index) => reading.weights ?? found[index].map(() => 1));
  if (rewards.length === 0) return { token, logProb, reward: Number.NaN, objectives, score: logProb };
  const reward = objectives.reduce((total, value, index) => total + value * weights[index], 0);
  const score = (combine === "interpolate" ? (1 - weight) * logProb : logProb) + weight * reward;
  return { token, logProb, reward, objectives, score };
}

/** The end's score takes the highest reward of the others; its own stays reported. */
function endByPolicy({ weight, combine }: Setting, candidates: ReferenceCandidate[], eos: number): void {
  const others = candidates.filter(({ token }) => token !== eos).map(({ reward }) => reward);
  for (const each of candidates) {
    if (each.token !== eos || others.length === 0) continue;
    each.score = (combine === "interpolate" ? 1 - weight : 1) * each.logProb + weight * Math.max(...others);
  }
}

/** The response that brute force decodes by itself, to an end token or `maxTokens`, with the least margin on the way. */
export function referenceResponse(setting: Setting, maxTokens: number): { tokens: number[]; margin: number } {
  const tokens: number[] = [];
  let margin = Number.POSITIVE_INFINITY;
  while (tokens.length < maxTokens && tokens[tokens.length - 1] !== setting.policy.model.vocabulary.eos) {
    const { best, scoreMargin, memberMargin } = referenceStep(setting, tokens);
    tokens.push(best.token);
    margin = Math.min(margin, scoreMargin, memberMargin);
  }
  return { tokens, margin };
}

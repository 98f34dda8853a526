/** Token rewards of random models: as options say them, and as the reference reads them. */
import type { RewardTerm } from "../../src/index.js";
import { promptOf } from "./brute-force.js";
import type { StoredModel } from "./model-folder.js";
import { type RewardReading, valuesAtEnd } from "./reference-args.js";

export interface TokenReward {
  term: RewardTerm;
  reading: (prompt: string) => RewardReading;
}

function readingOf({ model }: StoredModel, prompt: string) {
  return { model, prompt: promptOf(model, prompt) };
}

export function autoregressive(reward: StoredModel, weight = 1): TokenReward {
  return {
    term: { reward: reward.path, kind: "autoregressive", weight },
    reading: (prompt) => ({ ...readingOf(reward, prompt), weights: [weight], kind: "logProb" }),
  };
}

export function values(reward: StoredModel, weight = 1): TokenReward {
  return {
    term: { reward: reward.path, kind: "values", weight },
    reading: (prompt) => ({ ...readingOf(reward, prompt), weights: [weight], kind: "logit" }),
  };
}

export function contrast(reward: StoredModel, base: StoredModel, weight = 1): TokenReward {
  return {
    term: { reward: reward.path, base: base.path, weight },
    reading: (prompt) => ({ ...readingOf(reward, prompt), weights: [weight], kind: "logProb", base: readingOf(base, prompt) }),
  };
}

/** What each token of a response is worth. */
export function valuesOf({ reading }: TokenReward, prompt: string, response: readonly number[]): number[] {
  const read = reading(prompt);
  return response.map((_, index) => valuesAtEnd(read, response.slice(0, index + 1))[0]);
}

export function summed(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Holds what the library decoded against brute force. */
import { expect } from "vitest";
import type { Candidate, Decoder, GenerateOptions, GenerateResult, Step } from "../../src/index.js";
import type { StoredPair } from "./model-folder.js";
import type { RandomModel } from "./random-model.js";
import { type ReferenceCandidate, type ReferenceStep, referenceStep, type Setting } from "./reference-args.js";

/** Below it the order of two scores, or membership of the top-k, is a matter of 32-bit rounding. */
export const MARGIN = 1e-4;
const LOG_PROB_ERROR = 1e-4;
const REWARD_ERROR = 1e-3;

/** What decides a search, as both sides take it. */
export interface Search {
  topK: number;
  weight: number;
  combine: "interpolate" | "additive";
}

export interface Decoded {
  steps: Step[];
  result: GenerateResult;
}

/** Decodes a raw text and keeps every step with its candidates. */
export async function decode(decoder: Decoder, prompt: string, options: GenerateOptions): Promise<Decoded> {
  const stream = decoder.stream(prompt, { template: "none", candidates: true, ...options });
  const steps: Step[] = [];
  for (;;) {
    const next = await stream.next();
    if (next.done) return { steps, result: next.value };
    steps.push(next.value);
  }
}

/** The tokens of a raw prompt, as a model reads it. */
export function promptOf(model: RandomModel, text: string): number[] {
  return model.vocabulary.encode(text, { bos: model.addBos });
}

/** Brute force over a stored pair. */
export function settingOf({ policy, reward }: StoredPair, prompt: string, search: Search): Setting {
  return {
    policy: { model: policy.model, prompt: promptOf(policy.model, prompt) },
    rewards: [{ model: reward.model, prompt: promptOf(reward.model, prompt) }],
    ...search,
  };
}

/** How a comparison went. */
export interface Agreement {
  steps: number;
  /** Steps whose winner and candidates brute force is sure of. */
  decided: number;
  /** Largest differences over all candidates of all steps. */
  logProbError: number;
  rewardError: number;
}

/**
 * Every step of a response against brute force on the response so far: the same candidates, the same winner, the same
 * numbers. A step that brute force itself cannot decide (margins below MARGIN) is held to its numbers alone; what follows
 * is again compared in full, because brute force reads the library's own prefix.
 */
export function expectBruteForce(setting: Setting, steps: readonly Step[]): Agreement {
  const agreement: Agreement = { steps: steps.length, decided: 0, logProbError: 0, rewardError: 0 };
  const response: number[] = [];
  for (const [index, step] of steps.entries()) {
    const expected = referenceStep(setting, response);
    const found = step.candidates ?? [];
    const where = `step ${index} after ${JSON.stringify(setting.policy.model.vocabulary.decode(response))}`;
    if (expected.memberMargin > MARGIN) expect(idsOf(found), `candidates of ${where}`).toEqual(idsOf(expected.candidates));
    compareNumbers(expected, found, agreement, where);
    if (isDecided(expected)) {
      agreement.decided++;
      expect(step.token, `token of ${where}`).toBe(expected.best.token);
    }
    expectChosenAmong(step, found);
    response.push(step.token);
  }
  expect(agreement.decided, "steps that brute force can decide").toBeGreaterThan(0.8 * steps.length);
  return agreement;
}

export function isDecided({ scoreMargin, memberMargin }: ReferenceStep): boolean {
  return scoreMargin > MARGIN && memberMargin > MARGIN;
}

function idsOf(candidates: readonly { token: number }[]): number[] {
  return candidates.map(({ token }) => token).sort((a, b) => a - b);
}

function compareNumbers(expected: ReferenceStep, found: readonly Candidate[], agreement: Agreement, where: string): void {
  expect(found, where).toHaveLength(expected.candidates.length);
  for (const candidate of found) {
    const reference = expected.candidates.find(({ token }) => token === candidate.token);
    if (reference === undefined) continue; // on the border of the top-k; membership was checked
    agreement.logProbError = Math.max(agreement.logProbError, Math.abs(candidate.logProb - reference.logProb));
    agreement.rewardError = Math.max(agreement.rewardError, rewardError(candidate, reference));
  }
  expect(agreement.logProbError, `log-probabilities of ${where}`).toBeLessThan(LOG_PROB_ERROR);
  expect(agreement.rewardError, `rewards of ${where}`).toBeLessThan(REWARD_ERROR);
}

/** The largest difference in the combined reward, an objective or the score. */
function rewardError(found: Candidate, reference: ReferenceCandidate): number {
  const values = [found.reward ?? Number.NaN, found.score ?? Number.NaN, ...Object.values(found.objectives)];
  const wanted = [reference.reward, reference.score, ...reference.objectives];
  expect(values).toHaveLength(wanted.length);
  return Math.max(...values.map((value, index) => Math.abs(value - wanted[index])));
}

/** A step reports the numbers of the candidate that it chose. */
function expectChosenAmong(step: Step, candidates: readonly Candidate[]): void {
  const { token, logProb, reward, score, objectives } = step;
  expect(candidates).toContainEqual(expect.objectContaining({ token, logProb, reward, score, objectives }));
}

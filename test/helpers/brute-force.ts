/** Holds what the library decoded against brute force. */
import { expect } from "vitest";
import { AS_IN_THE_PAPER } from "../../src/decode/method-defaults.js";
import type { Candidate, Decoder, GenerateOptions, GenerateResult, Step } from "../../src/index.js";
import type { StoredPair } from "./model-folder.js";
import type { RandomModel } from "./random-model.js";
import { type ReferenceCandidate, type ReferenceStep, referenceStep, type Setting } from "./reference-args.js";
import { largestDifference } from "./rounding.js";

/** Below it the order of two scores, or membership of the top-k, is a matter of 32-bit rounding. */
export const MARGIN = 1e-4;
/** How far log-probabilities, rewards and scores may be off; F32 arithmetic on small models is off by a few 1e-6. */
const ERROR = 1e-4;

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

/** Decodes a raw text, as brute force does without samplers unless options say otherwise, and keeps every step with its candidates. */
export async function decode(decoder: Decoder, prompt: string, options: GenerateOptions): Promise<Decoded> {
  const stream = decoder.stream(prompt, { template: "none", candidates: true, ...AS_IN_THE_PAPER, ...options });
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

/**
 * Every step of a response against brute force on the response so far: the same candidates, the same winner, the same
 * numbers. A step that brute force itself cannot decide (margins below MARGIN) is held to its numbers alone; what follows
 * is again compared in full, because brute force reads the library's own prefix.
 */
export function expectBruteForce(setting: Setting, steps: readonly Step[]): void {
  const decided = compareSteps(setting, steps, (step, expected, where) => {
    if (isDecided(expected)) expect(step.token, `token of ${where}`).toBe(expected.best.token);
  });
  expect(decided, "steps that brute force can decide").toBeGreaterThan(0.8 * steps.length);
}

/** As expectBruteForce(), for a response whose tokens were drawn: the same candidates and numbers, any of them chosen. */
export function expectBruteForceNumbers(setting: Setting, steps: readonly Step[]): void {
  expect(steps).not.toHaveLength(0);
  compareSteps(setting, steps, () => {});
}

type StepCheck = (step: Step, expected: ReferenceStep, where: string) => void;

/** How many steps brute force can decide. */
function compareSteps(setting: Setting, steps: readonly Step[], check: StepCheck): number {
  const response: number[] = [];
  let decided = 0;
  for (const [index, step] of steps.entries()) {
    const expected = referenceStep(setting, response);
    const where = `step ${index} after ${JSON.stringify(setting.policy.model.vocabulary.decode(response))}`;
    expectCandidates(expected, step.candidates ?? [], where);
    expectChosenAmong(step, step.candidates ?? []);
    check(step, expected, where);
    if (isDecided(expected)) decided++;
    response.push(step.token);
  }
  return decided;
}

function isDecided({ scoreMargin, memberMargin }: ReferenceStep): boolean {
  return scoreMargin > MARGIN && memberMargin > MARGIN;
}

function expectCandidates(expected: ReferenceStep, found: readonly Candidate[], where: string): void {
  if (expected.memberMargin > MARGIN) expect(idsOf(found), `candidates of ${where}`).toEqual(idsOf(expected.candidates));
  expect(found, `candidates of ${where}`).toHaveLength(expected.candidates.length);
  for (const candidate of found) {
    const reference = expected.candidates.find(({ token }) => token === candidate.token);
    if (reference === undefined) continue; // on the border of the top-k
    expect(largestError(candidate, reference), `token ${candidate.token} in ${where}`).toBeLessThan(ERROR);
  }
}

function idsOf(candidates: readonly { token: number }[]): number[] {
  return candidates.map(({ token }) => token).sort((a, b) => a - b);
}

/** Over log-probability, combined reward, score and every objective. */
function largestError(found: Candidate, reference: ReferenceCandidate): number {
  const { logProb, reward, score, objectives } = found;
  const values = [logProb, reward ?? Number.NaN, score ?? Number.NaN, ...Object.values(objectives)];
  const wanted = [reference.logProb, reference.reward, reference.score, ...reference.objectives];
  return largestDifference(values, wanted);
}

/** A step reports the numbers of the candidate that it chose. */
function expectChosenAmong(step: Step, candidates: readonly Candidate[]): void {
  const { token, logProb, reward, score, objectives } = step;
  expect(candidates).toContainEqual(expect.objectContaining({ token, logProb, reward, score, objectives }));
}

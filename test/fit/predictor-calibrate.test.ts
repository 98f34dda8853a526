/** What held-out steps say of guesses. */
import { expect, it } from "vitest";
import { STEP_ROLES } from "../../src/engine/native-predictor.js";
import { calibrate, chooseZ, type GuessedStep, stepsToProve } from "../../src/fit/predict/calibrate.js";
import { planOf } from "../../src/fit/predict/plan.js";
import { decodeTrajectory, encodeTrajectory, type Trajectory } from "../../src/fit/predict/trajectory.js";
import { upperShare } from "../../src/statistics.js";

it("the upper bound of a share is Clopper and Pearson's", () => {
  // scipy.stats.beta.ppf(0.95, hits + 1, total - hits)
  expect(upperShare(0, 3000)).toBeCloseTo(0.000998, 6);
  expect(upperShare(3, 2160)).toBeCloseTo(0.0035856, 6);
  expect(upperShare(50, 100)).toBeCloseTo(0.5864, 4);
  expect(upperShare(5, 5)).toBe(1);
  expect(upperShare(0, stepsToProve(0.001))).toBeLessThanOrEqual(0.001);
  expect(upperShare(0, stepsToProve(0.001) - 1)).toBeGreaterThan(0.001);
});

const GOING = [false, false, false];

/** Errors of the guesses within the step: 1, -1, 0 around their mean. */
function step(taken: number, log: Partial<GuessedStep> = {}): GuessedStep {
  return { logProbs: [-1, -1, -9], rewards: [0, 2, 5], guesses: [-1, 3, 5], ends: GOING, taken, ...log };
}

it("deviations are within steps, and of the token that was taken", () => {
  const found = calibrate([step(1), step(1)], { logProb: 1, reward: 1 });
  expect(found.deviation).toBeCloseTo(Math.sqrt(2 / 3));
  const mean = 7 / 3;
  const variance = (mean ** 2 + (2 - mean) ** 2 + (5 - mean) ** 2) / 3;
  expect(found.explained).toBeCloseTo(1 - 2 / 3 / variance);
  expect(found.takenDeviation).toBeCloseTo(1);
});

it("a token is another one where the taken candidate lags further behind the best guess than z", () => {
  // By the guesses the second leads the first by 4 and the third by 6, in deviations of 0.816.
  const right = Array.from({ length: 9 }, () => step(1));
  const { table, unscoredRate } = calibrate([...right, step(0)], { logProb: 1, reward: 1 });
  const at = (z: number) => table.find((row) => row.z === z);
  expect(unscoredRate).toBeCloseTo(0.1);
  expect(at(0)).toMatchObject({ rate: 0.1, scored: 1 });
  expect(at(4.875)).toMatchObject({ rate: 0.1, scored: 1 });
  expect(at(5)).toMatchObject({ rate: 0, scored: 2 });
  expect(at(7.375)).toMatchObject({ rate: 0, scored: 3 });
  expect(chooseZ(table, 0.5).chosen.z).toBe(0);
  expect(chooseZ(table, 0.1)).toMatchObject({ chosen: { z: 5 }, proven: false });
});

it("an end that the policy decides about takes the others' best guess, and is never left to chance", () => {
  const ends = [false, false, true];
  const going = step(1, { logProbs: [-1, -1, -1.5], ends });
  const { table } = calibrate([going], { logProb: 1, reward: 1 });
  const one = Math.SQRT1_2 * Math.SQRT2; // deviation of the two that go on
  expect(table.find(({ z }) => z === 0)?.scored).toBe(1);
  expect(table.find(({ z }) => z * one >= 0.5)?.scored).toBe(3);
  const first = step(0, { ends: [true, false, false] });
  expect(calibrate([step(1), first], { logProb: 1, reward: 1 }).unscoredRate).toBe(0);
});

it("held-out prompts are decoded whole, the other steps are spread over all prompts", () => {
  const options = { prompts: 500, steps: 30_000, maxTokens: 128, heldOut: 1 / 3, seed: 1 };
  const plan = planOf(options);
  expect(plan.map(({ index }) => index).sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index));
  const steps = (role: number) => plan.filter((each) => each.role === role).reduce((sum, { length }) => sum + length, 0);
  expect(steps(STEP_ROLES.heldOut)).toBe(78 * 128);
  const total = plan.reduce((sum, { length }) => sum + length, 0);
  expect(Math.abs(total - 30_000)).toBeLessThan(128);
  expect(new Set(plan.map(({ length }) => length))).toEqual(new Set([128, 32]));
  const stopping = plan.filter(({ role }) => role === STEP_ROLES.stopping);
  expect(stopping.length).toBe(42);
  expect(new Set(stopping.map(({ length }) => length))).toEqual(new Set([128, 32]));
  expect(planOf(options)).toEqual(plan);
  expect(planOf({ ...options, seed: 2 })).not.toEqual(plan);
});

it("few prompts, or few steps, leave each role one", () => {
  const roles = (options: { prompts: number; steps: number }) =>
    planOf({ maxTokens: 20, heldOut: 0.05, seed: 0, ...options }).map(({ role }) => role);
  expect(roles({ prompts: 3, steps: 100_000 }).sort()).toEqual([0, 1, 2]);
  expect(roles({ prompts: 1000, steps: 100 }).sort()).toEqual([0, 0, 0, 1, 2]);
});

it("trajectories pass through JSON, those of another run or length do not", () => {
  const steps: Trajectory = {
    ...{ counts: [2, 1], tokens: [5, 6, 7], logProbs: [-0.25, -3, -1e-3], rewards: [0.5, 1 / 3, -2], ends: [false, true, false] },
    ...{ taken: [1, 0], before: [0.1, 0.2], hidden: Float32Array.of(0.5, -2, 1e6, 0) },
  };
  const text = JSON.parse(JSON.stringify(encodeTrajectory(steps, "run"))) as unknown;
  expect(decodeTrajectory(text, 2, "run")).toEqual({ ...steps, hidden: Float32Array.of(0.5, -2, 65504, 0) });
  expect(decodeTrajectory(text, 2, "other")).toBeUndefined();
  expect(decodeTrajectory(text, 3, "run")).toBeUndefined();
  expect(decodeTrajectory({ ...(text as object), counts: [1, 1] }, 2, "run")).toBeUndefined();
});

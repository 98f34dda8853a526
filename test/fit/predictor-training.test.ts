/** The trainer on steps whose rewards are known functions of what it sees. */
import { beforeAll, expect, it } from "vitest";
import { binding, type NativeTrajectories, type PredictorTraining } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { EMBEDDED } from "../../src/model/embedded.js";
import { modelFolder } from "../helpers/model-folder.js";
import { guessedRise, rowOf } from "../helpers/reference-predictor.js";

const STEPS = 900;
const CANDIDATES = 6;
const N_HIDDEN = 12;

const folder = modelFolder();

beforeAll(() => {
  openEngine({ engineDir: undefined, gpu: false });
});

/** A small generator of our own: uniform in -1…1. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Rewards that a token's number and the state make together, and a level of each step that nothing tells. */
function trajectories(): NativeTrajectories {
  const next = uniform(1);
  const hidden = Float32Array.from({ length: STEPS * N_HIDDEN }, (_, i) => 3 + (1 + (i % 5)) * next());
  const tokens = Int32Array.from({ length: STEPS * CANDIDATES }, () => 40 + Math.floor(6 * (next() + 1)));
  const rises = new Float32Array(tokens.length);
  for (let step = 0; step < STEPS; step++) {
    const level = 5 * next();
    for (let i = step * CANDIDATES; i < (step + 1) * CANDIDATES; i++) {
      const state = ((hidden[step * N_HIDDEN] ?? 0) - 3) * ((tokens[i] ?? 0) % 2 === 0 ? 1 : -1);
      rises[i] = level + state + 0.3 * (((tokens[i] ?? 0) * 7) % 5);
    }
  }
  const roles = Int32Array.from({ length: STEPS }, (_, step) => (step % 5 === 0 ? 2 : step % 5 === 1 ? 1 : 0));
  return { nHidden: N_HIDDEN, hidden, counts: new Int32Array(STEPS).fill(CANDIDATES), roles, tokens, rises };
}

const TRAINING: PredictorTraining = { width: 64, width2: 32, epochs: 150, seed: 3, threads: 2 };

/** Share of the variance within the held-out steps that guesses explain. */
function explained({ roles, rises }: NativeTrajectories, guesses: Float32Array): number {
  let [left, all] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    if (roles[step] !== 2) continue;
    const [first, last] = [step * CANDIDATES, (step + 1) * CANDIDATES];
    const centred = (values: Float32Array) => {
      const own = [...values.subarray(first, last)];
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      return own.map((value) => value - mean);
    };
    const [reward, guess] = [centred(rises), centred(guesses)];
    for (const [i, value] of reward.entries()) {
      left += (value - (guess[i] ?? 0)) ** 2;
      all += value ** 2;
    }
  }
  return 1 - left / all;
}

it("rewards that state and token make together are found, whatever their level", async () => {
  const steps = trajectories();
  const shares: number[] = [];
  const { guesses, epochs } = await binding().trainPredictor(EMBEDDED.reward, steps, TRAINING, (_done, _most, share) => shares.push(share));
  expect(explained(steps, guesses)).toBeGreaterThan(0.9);
  expect(shares).toHaveLength(TRAINING.epochs);
  expect(shares[epochs - 1]).toBe(Math.max(...shares));
});

it("the same seed gives the same weights on any threads, another seed others", async () => {
  const steps = trajectories();
  const train = (options: Partial<PredictorTraining>) =>
    binding().trainPredictor(EMBEDDED.reward, steps, { ...TRAINING, epochs: 2, ...options }, null);
  const [one, same, other] = [await train({ threads: 1 }), await train({ threads: 3 }), await train({ seed: 4 })];
  expect(same.weights).toEqual(one.weights);
  expect(other.weights).not.toEqual(one.weights);
});

it("weights are for states and rows as they are: in float64 they guess what the trainer did", async () => {
  const { path, model } = folder.write({ seed: 1, labels: ["reward"] });
  const steps = { ...trajectories(), tokens: trajectories().tokens.map((token) => token % 50) };
  const { weights, guesses } = await binding().trainPredictor(path, steps, { ...TRAINING, epochs: 2 }, null);
  for (const step of [0, 1, 2, 50, 899]) {
    const state = steps.hidden.subarray(step * N_HIDDEN, (step + 1) * N_HIDDEN);
    for (let i = step * CANDIDATES; i < (step + 1) * CANDIDATES; i++) {
      expect(guessedRise(weights, state, rowOf(model, steps.tokens[i] ?? 0))).toBeCloseTo(guesses[i] ?? 0, 3);
    }
  }
});

it("steps without a difference, and arrays that do not fit each other, are refused; a cancelled training ends", async () => {
  const steps = trajectories();
  const same = { ...steps, rises: steps.rises.map(() => 1) };
  await expect(binding().trainPredictor(EMBEDDED.reward, same, TRAINING, null)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  const short = { ...steps, tokens: steps.tokens.subarray(1) };
  await expect(binding().trainPredictor(EMBEDDED.reward, short, TRAINING, null)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  const cancel = binding().createCancel();
  const training = binding().trainPredictor(EMBEDDED.reward, steps, { ...TRAINING, epochs: 10_000, cancel }, () => cancel.cancel());
  await expect(training).rejects.toMatchObject({ code: "ABORTED" });
});

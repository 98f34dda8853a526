/** A reward predictor in float64, as docs/architecture.md defines it, and files that have one. */
import { binding, type PredictorWeights } from "../../src/engine/binding.js";
import { type PredictorNumbers, predictorEntries } from "../../src/gguf/predictor.js";
import { Random } from "./random.js";
import type { RandomModel } from "./random-model.js";
import { hiddenStates } from "./reference-llama.js";
import type { StoredModel } from "./stored-models.js";

/** By how much it guesses that the reward rises, `state` being the hidden state and `row` the token's embedding. */
export function guessedRise(weights: PredictorWeights, state: ArrayLike<number>, row: ArrayLike<number>): number {
  const [width, width2] = [weights.bias.length, weights.secondBias.length];
  const first = Array.from(weights.bias, (bias, j) => {
    const fromState = Array.from(state).reduce((sum, value, i) => sum + value * (weights.hidden[i * width + j] ?? 0), 0);
    const fromRow = Array.from(row).reduce((sum, value, i) => sum + value * (weights.token[i * width + j] ?? 0), 0);
    return Math.max(0, bias + fromState + fromRow);
  });
  const second = Array.from(weights.secondBias, (bias, k) =>
    Math.max(
      0,
      first.reduce((sum, value, j) => sum + value * (weights.secondWeight[j * width2 + k] ?? 0), bias),
    ),
  );
  return second.reduce((sum, value, k) => sum + value * (weights.outWeight[k] ?? 0), weights.outBias);
}

/** A token's row of a random model's embedding. */
export function rowOf({ shape, weights }: RandomModel, token: number): Float32Array {
  return weights.embedding.subarray(token * shape.embedding, (token + 1) * shape.embedding);
}

/** By how much the reward is guessed to rise with each token behind a text. */
export function guessedRises(model: RandomModel, weights: PredictorWeights, text: readonly number[], tokens: readonly number[]): number[] {
  const state = hiddenStates(model, text).at(-1) ?? new Float64Array(0);
  return tokens.map((token) => guessedRise(weights, state, rowOf(model, token)));
}

/** Weights that guess anything. */
export function randomPredictor({ shape: { embedding } }: RandomModel, seed: number): PredictorWeights {
  const random = new Random(seed);
  const [width, width2] = [24, 16];
  const values = (inputs: number, outputs: number) => random.normals(inputs * outputs, 1.5 / Math.sqrt(inputs));
  return {
    hidden: values(embedding, width),
    token: random.normals(embedding * width, 4 / Math.sqrt(embedding)),
    bias: random.normals(width, 0.3),
    secondWeight: values(width, width2),
    secondBias: random.normals(width2, 0.3),
    outWeight: values(width2, 1),
    outBias: random.normal(),
  };
}

/** The model's file, with a predictor in it from now on. */
export async function attachPredictor(
  { path }: StoredModel,
  weights: PredictorWeights,
  numbers: Partial<PredictorNumbers> = {},
): Promise<void> {
  const table = [{ z: 0, rate: 0.5, upper: 0.6, scored: 1 }];
  const known = { deviation: 1, takenDeviation: 1e3, z: 1, rate: 0.001, table, explained: 0, steps: 0, weight: 1, dataset: "none" };
  await binding().rewriteGguf(path, path, predictorEntries(weights, { ...known, ...numbers }), []);
}

/** From hidden states to a reward head: regularised Bradley–Terry, normalised, and checked on pairs it never saw. */
import { ArgsearchError } from "../errors.js";
import { type Interval, Moments, wilson } from "../statistics.js";
import { included, type Pairs, rewardOf, subtractSides } from "./bradley-terry.js";
import { best, crossValidate, fitWeights, type Regression, STRENGTHS, type Trial } from "./cross-validate.js";
import type { FeatureFile } from "./feature-file.js";
import { END, PLACES, PREFIX_LENGTHS } from "./prefixes.js";
import { HELD_OUT, isTraining, type Split } from "./split.js";

/** How often the chosen response has the higher reward when both are read up to a length; low and high: its 95 % interval. */
export interface PlaceAccuracy extends Interval {
  /** Response tokens read, of both alike. */
  tokens: number | "end";
  pairs: number;
  accuracy: number;
}

export interface FittedHead {
  weight: Float64Array;
  /** Mean and deviation of weight · h over the training pairs, every reading of a pair weighing the same. */
  shift: number;
  scale: number;
  /** λ of the regularisation, chosen by the least loss of `trials`. */
  strength: number;
  trials: Trial[];
  /** The strength is the strongest of all: hardly anything that was learned held on other pairs. */
  strongest: boolean;
  /** On the held-out pairs; empty without any. */
  accuracy: PlaceAccuracy[];
}

export interface FitHeadOptions {
  signal?: AbortSignal | undefined;
  /** Steps of the cross-validation. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Rewards that vary less are what rounding leaves of preferences that cancel out; real ones vary by 1e-6 at the very least. */
const LEAST_DEVIATION = 1e-9;

/**
 * The held-out pairs of the split take no part in anything but `accuracy`.
 *
 * @throws ArgsearchError INPUT_INVALID for pairs from which nothing can be learned; ABORTED
 */
export async function fitHead(features: FeatureFile, split: Split, { signal, onProgress }: FitHeadOptions = {}): Promise<FittedHead> {
  const pairs: Pairs = { features, roleOf: split.roleOf, signal };
  const regression: Regression = { ...pairs, deviations: await deviationsOf(pairs) };
  const trials = await crossValidate(regression, split.folds, onProgress ?? (() => {}));
  const { strength } = best(trials);
  const weight = await fitWeights(regression, isTraining, strength);
  const { mean, deviation } = await rewardMoments(pairs, weight);
  if (!(deviation > LEAST_DEVIATION)) throw nothingToLearn();
  const accuracy = await accuracyByPlace(pairs, weight);
  return { weight, shift: mean, scale: deviation, strength, trials, strongest: strength === STRENGTHS[0], accuracy };
}

function nothingToLearn(): ArgsearchError {
  const why = "their preferences cancel out, as when each pair also stands there the other way round, or this model reads both sides alike";
  return new ArgsearchError("INPUT_INVALID", `the pairs teach nothing: ${why}`);
}

/** Root mean square of each feature's difference between the sides; the mean is 0, since either side might be named first. */
async function deviationsOf(pairs: Pairs): Promise<Float64Array> {
  const squares = new Float64Array(pairs.features.rowLength);
  const difference = new Float64Array(pairs.features.rowLength);
  let count = 0;
  for await (const { places, values } of included(pairs, isTraining)) {
    count += 1;
    for (let row = 0; row < places.length; row++) {
      subtractSides(values, row, difference);
      for (let i = 0; i < squares.length; i++) squares[i] += (difference[i] * difference[i]) / places.length;
    }
  }
  return squares.map((sum) => Math.sqrt(sum / count));
}

async function rewardMoments(pairs: Pairs, weight: Float64Array): Promise<Moments> {
  const moments = new Moments();
  for await (const { places, values } of included(pairs, isTraining)) {
    for (let row = 0; row < places.length; row++) {
      for (const side of [0, 1] as const) moments.add(rewardOf(weight, values, row, side), 1 / places.length);
    }
  }
  return moments;
}

async function accuracyByPlace(pairs: Pairs, weight: Float64Array): Promise<PlaceAccuracy[]> {
  const counts = Array.from({ length: PLACES }, () => ({ pairs: 0, correct: 0 }));
  for await (const { places, values } of included(pairs, (role) => role === HELD_OUT)) {
    for (const [row, place] of places.entries()) {
      counts[place].pairs += 1;
      if (rewardOf(weight, values, row, 0) > rewardOf(weight, values, row, 1)) counts[place].correct += 1;
    }
  }
  const all = counts.map(({ pairs, correct }, place) => ({
    tokens: place === END ? ("end" as const) : PREFIX_LENGTHS[place],
    pairs,
    accuracy: correct / pairs,
    ...wilson(correct, pairs),
  }));
  return all.filter(({ pairs }) => pairs > 0);
}

/** From hidden states to a reward head: regularised Bradley–Terry, normalised, and checked on pairs it never saw. */
import { ArgsearchError } from "../errors.js";
import { type Accuracies, accuraciesByPlace } from "./accuracy.js";
import { sides, WITHOUT_REPETITION } from "./bradley-terry.js";
import { crossValidate, STRENGTHS, type Trial } from "./cross-validate.js";
import type { FeatureFile } from "./feature-file.js";
import { included, meanLoss, type Pairs, subtract } from "./mean-loss.js";
import { fitAll, problemOf, type Regression, type Strengths, TO_FIT, unfitted } from "./regression.js";
import { type EndLevel, endLevel, rewardMoments } from "./reward-levels.js";
import { HELD_OUT, isTraining, type Role, type Split } from "./split.js";

/** Accuracies are of the held-out pairs; empty without any. */
export interface FittedHead extends Strengths, Accuracies {
  weight: Float64Array;
  /** Mean and deviation of weight · h over the training pairs, every reading of a pair weighing the same. */
  shift: number;
  scale: number;
  /** What cross-validation saw. */
  trials: Trial[];
  /** The strength is the strongest of all: hardly anything that was learned held on other pairs. */
  strongest: boolean;
  /** On the held-out pairs; null where none was read at the end of the turn. */
  endLevel: EndLevel | null;
}

export interface FitHeadOptions {
  /** How much consistency counts; default: as cross-validation finds. */
  consistency?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Steps of the cross-validation. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A shorter gradient, on standardised features, is what rounding leaves of preferences that cancel out; real ones have 1e-3 and more. */
const LEAST_GRADIENT = 1e-5;

/**
 * The held-out pairs of the split take no part in anything but the accuracies and the level at the end of the turn.
 *
 * @throws ArgsearchError INPUT_INVALID for pairs from which nothing can be learned; ABORTED
 */
export async function fitHead(features: FeatureFile, split: Split, options: FitHeadOptions = {}): Promise<FittedHead> {
  const { consistency: fixed, signal, onProgress = () => {} } = options;
  const pairs: Pairs = { features, roleOf: split.roleOf, signal };
  const regression: Regression = { ...pairs, deviations: await deviationsOf(pairs) };
  await requirePreferences(regression);
  const { trials, strength, consistency } = await crossValidate(regression, split.folds, fixed, onProgress);
  const [fit] = await fitAll(regression, [unfitted(regression, isTraining)], { strength, consistency }, TO_FIT);
  const { weight } = problemOf(regression, fit);
  const { mean: shift, deviation: scale } = await rewardMoments(pairs, { weight, includes: isTraining });
  const heldOut = { weight, includes: (role: Role) => role === HELD_OUT };
  return {
    ...{ weight, shift, scale, strength, consistency, trials, strongest: strength === STRENGTHS[0] },
    ...(await accuraciesByPlace(pairs, heldOut)),
    endLevel: await endLevel(pairs, heldOut, scale),
  };
}

async function requirePreferences(regression: Regression): Promise<void> {
  const nothing = problemOf(regression, unfitted(regression, isTraining));
  const [{ gradient }] = await meanLoss(regression, WITHOUT_REPETITION, [nothing]);
  const steepness = Math.hypot(...gradient.map((each, i) => (regression.deviations[i] > 0 ? each / regression.deviations[i] : 0)));
  if (steepness > LEAST_GRADIENT) return;
  const why = "their preferences cancel out, as when each pair also stands there the other way round, or this model reads both sides alike";
  throw new ArgsearchError("INPUT_INVALID", `the pairs teach nothing: ${why}`);
}

/** Root mean square of each feature's difference between the sides; the mean is 0, since either side might be named first. */
async function deviationsOf(pairs: Pairs): Promise<Float64Array> {
  const squares = new Float64Array(pairs.features.rowLength);
  const difference = new Float64Array(pairs.features.rowLength);
  let count = 0;
  for await (const record of included(pairs, isTraining)) {
    const differences = sides(record);
    count += 1;
    for (const each of differences) {
      subtract(record.values, each, difference);
      for (let i = 0; i < squares.length; i++) squares[i] += (difference[i] * difference[i]) / differences.length;
    }
  }
  return squares.map((sum) => Math.sqrt(sum / count));
}

/** How strongly to regularise, and to tie the end of the turn to the text before it: tried on folds of the training pairs. */
import { WITHOUT_REPETITION } from "./bradley-terry.js";
import type { MinimiseOptions } from "./lbfgs.js";
import { meanLoss, type Problem } from "./mean-loss.js";
import { type Fit, fitAll, problemOf, type Regression, type Strengths, toCompare, unfitted } from "./regression.js";
import { endLevel, rewardMoments } from "./reward-levels.js";
import { isTraining, type Role } from "./split.js";

/** λ in loss + λ/2 |w|², on standardised features: half decades from where nothing is learned to where all is. */
export const STRENGTHS: readonly number[] = Array.from({ length: 13 }, (_, step) => 10 ** (2 - step / 2));

/** After so many weaker strengths that were no better, weaker ones are not tried. */
const PATIENCE = 3;

/** Weights of consistency, weakest first. */
export const CONSISTENCIES: readonly number[] = [1, 3, 10, 30, 100];

/** Largest mean difference at the end of the turn on pairs that were left out, in deviations: half of what is promised for others. */
export const LEVEL = 0.05;

/** The level at the end of the turn is the steepest direction of all, and known long before the loss. */
const TO_SEE_LEVEL: MinimiseOptions = { tolerance: 1e-3, maxIterations: 100 };

/** A strength that was tried. */
export interface Trial {
  /** Of the L2 regularisation. */
  strength: number;
  /** Mean −log σ over the pairs of the fold that was left out, averaged over folds; log 2 for a head that knows nothing. */
  loss: number;
}

export interface Chosen extends Strengths {
  trials: Trial[];
}

/**
 * The strength of least loss without consistency, then the weakest consistency that brings the level at the end of the turn near enough; the
 * strongest where none does, the weakest where pairs are not read there. `fixed`: that consistency instead. `onRound` is called after each trial.
 */
export async function crossValidate(
  regression: Regression,
  folds: number,
  fixed: number | undefined,
  onRound: (done: number, total: number) => void,
): Promise<Chosen> {
  const consistencies = fixed === undefined ? CONSISTENCIES : [];
  const total = STRENGTHS.length + consistencies.length;
  let fits = Array.from({ length: folds }, (_, fold) => unfitted(regression, (role) => isTraining(role) && role !== fold));
  let kept = fits;
  const trials: Trial[] = [];
  for (const [index, strength] of STRENGTHS.entries()) {
    fits = await fitAll(regression, fits, { strength, consistency: 0 }, toCompare(strength));
    const losses = await meanLoss(regression, WITHOUT_REPETITION, leftOut(regression, fits));
    trials.push({ strength, loss: losses.reduce((sum, { value }) => sum + value, 0) / folds });
    onRound(index + 1, total);
    if (best(trials).strength === strength) kept = fits;
    if (trials.length - 1 - trials.indexOf(best(trials)) >= PATIENCE) break;
  }
  const { strength } = best(trials);
  for (const [index, consistency] of consistencies.entries()) {
    kept = await fitAll(regression, kept, { strength, consistency }, TO_SEE_LEVEL);
    onRound(STRENGTHS.length + index + 1, total);
    if ((await level(regression, kept)) <= LEVEL) return { strength, consistency, trials };
  }
  return { strength, consistency: fixed ?? Math.max(...CONSISTENCIES), trials };
}

/** The trial with the least loss, the stronger of two equal ones. */
export function best(trials: readonly Trial[]): Trial {
  return trials.reduce((least, trial) => (trial.loss < least.loss ? trial : least));
}

/** Each fold's weights, with the pairs that took no part in them. */
function leftOut(regression: Regression, fits: readonly Fit[]): Problem[] {
  return fits.map((fit, fold) => ({ ...problemOf(regression, fit), includes: (role: Role) => role === fold }));
}

/** The mean difference at the end of the turn without its sign, over all pairs as those were left out; 0 without any. */
async function level(regression: Regression, fits: readonly Fit[]): Promise<number> {
  let [sum, count] = [0, 0];
  for (const problem of leftOut(regression, fits)) {
    const { deviation } = await rewardMoments(regression, problem);
    const found = await endLevel(regression, problem, deviation);
    sum += (found?.pairs ?? 0) * (found?.difference ?? 0);
    count += found?.pairs ?? 0;
  }
  return Math.abs(sum) / Math.max(1, count);
}

/** How strongly to regularise: tried on folds of the training pairs, strongest first. */
import { bradleyTerry, type Includes, type Pairs } from "./bradley-terry.js";
import { type MinimiseOptions, minimise, minimiseTogether } from "./lbfgs.js";
import { isTraining } from "./split.js";

/** λ in loss + λ/2 |w|², on standardised features: half decades from where nothing is learned to where all is. */
export const STRENGTHS: readonly number[] = Array.from({ length: 13 }, (_, step) => 10 ** (2 - step / 2));

/** After so many weaker strengths that were no better, weaker ones are not tried. */
const PATIENCE = 3;

/** The loss at a λ-convex minimum is exact to tolerance² / 2λ: to tell strengths apart takes less than to fit. */
const TO_COMPARE: MinimiseOptions = { tolerance: 1e-4, maxIterations: 300 };
const TO_FIT: MinimiseOptions = { tolerance: 1e-6, maxIterations: 1000 };

export interface Trial {
  strength: number;
  /** Mean −log σ over the pairs of the fold that was left out, averaged over folds; log 2 for a head that knows nothing. */
  loss: number;
}

/** One weight vector a training set. */
interface Fit {
  includes: Includes;
  /** In units of standardised features. */
  point: Float64Array;
}

export interface Regression extends Pairs {
  /** Deviation of each feature; the regression sees the features divided by it. */
  deviations: Float64Array;
}

/** The loss of every strength that was tried. `onRound` is called after each. */
export async function crossValidate(
  regression: Regression,
  folds: number,
  onRound: (done: number, total: number) => void,
): Promise<Trial[]> {
  let fits: Fit[] = Array.from({ length: folds }, (_, fold) => ({
    includes: (role) => isTraining(role) && role !== fold,
    point: start(regression),
  }));
  const trials: Trial[] = [];
  for (const [index, strength] of STRENGTHS.entries()) {
    fits = await fitAll(regression, fits, strength, TO_COMPARE);
    const left = fits.map(({ point }, fold) => ({
      weight: unstandardised(point, regression),
      includes: (role: number) => role === fold,
    }));
    const losses = await bradleyTerry(regression, left);
    trials.push({ strength, loss: losses.reduce((sum, { value }) => sum + value, 0) / folds });
    onRound(index + 1, STRENGTHS.length);
    if (trials.length - 1 - trials.indexOf(best(trials)) >= PATIENCE) break;
  }
  return trials;
}

/** The trial with the least loss, the stronger of two equal ones. */
export function best(trials: readonly Trial[]): Trial {
  return trials.reduce((least, trial) => (trial.loss < least.loss ? trial : least));
}

/** The weights of the hidden state itself, fitted on the pairs included. */
export async function fitWeights(regression: Regression, includes: Includes, strength: number): Promise<Float64Array> {
  const [fit] = await fitAll(regression, [{ includes, point: start(regression) }], strength, TO_FIT);
  return unstandardised(fit.point, regression);
}

/** Fits from where the points are: the solution of a stronger regularisation is near that of the next. */
async function fitAll(regression: Regression, fits: readonly Fit[], strength: number, accuracy: MinimiseOptions): Promise<Fit[]> {
  const { deviations } = regression;
  const searches = fits.map(({ point }) => minimise(point, accuracy));
  const minima = await minimiseTogether(searches, async (points) => {
    const problems = points.map(({ search, point }) => ({
      weight: unstandardised(point, regression),
      includes: fits[search].includes,
    }));
    const losses = await bradleyTerry(regression, problems);
    return losses.map(({ value, gradient }, index) => {
      const { point } = points[index];
      return {
        value: value + (strength / 2) * point.reduce((sum, each) => sum + each * each, 0),
        gradient: gradient.map((each, i) => (deviations[i] > 0 ? each / deviations[i] : 0) + strength * point[i]),
      };
    });
  });
  return fits.map(({ includes }, index) => ({ includes, point: minima[index].point }));
}

/** A feature that never varies has no weight. */
function unstandardised(point: Float64Array, { deviations }: Regression): Float64Array {
  return point.map((each, i) => (deviations[i] > 0 ? each / deviations[i] : 0));
}

function start({ features }: Regression): Float64Array {
  return new Float64Array(features.rowLength);
}

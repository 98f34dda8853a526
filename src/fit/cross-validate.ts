/** How strongly to regularise: tried on folds of the training pairs, strongest first. */
import { bradleyTerry, type Includes } from "./bradley-terry.js";
import type { FeatureFile } from "./feature-file.js";
import type { RecordHead } from "./feature-record.js";
import { minimise, minimiseTogether } from "./lbfgs.js";
import type { Split } from "./split.js";

/** λ in loss + λ/2 |w|², on standardised features: half decades from where nothing is learned to where all is. */
export const STRENGTHS: readonly number[] = Array.from({ length: 13 }, (_, step) => 10 ** (2 - step / 2));

/** After so many weaker strengths that were no better, weaker ones are not tried. */
const PATIENCE = 3;

/** Enough for six digits of the loss: at a λ-convex minimum the loss is within tolerance² / 2λ. */
const ACCURACY = { tolerance: 1e-5, maxIterations: 500 };

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

export interface Regression {
  features: FeatureFile;
  /** Deviation of each feature; the regression sees the features divided by it. */
  deviations: Float64Array;
  signal: AbortSignal | undefined;
}

/** The loss of every strength that was tried. `onRound` is called after each. */
export async function crossValidate(
  regression: Regression,
  split: Split,
  onRound: (done: number, total: number) => void,
): Promise<Trial[]> {
  const inFold = (fold: number) => (record: RecordHead) => !split.isHeldOut(record) && split.foldOf(record) === fold;
  const outside = (fold: number) => (record: RecordHead) => !split.isHeldOut(record) && split.foldOf(record) !== fold;
  const folds = Array.from({ length: split.folds }, (_, fold) => fold);
  let fits: Fit[] = folds.map((fold) => ({ includes: outside(fold), point: start(regression) }));
  const trials: Trial[] = [];
  for (const [index, strength] of STRENGTHS.entries()) {
    fits = await fitAll(regression, fits, strength);
    const left = fits.map(({ point }, fold) => ({ weight: unstandardised(point, regression), includes: inFold(fold) }));
    const losses = await bradleyTerry(regression.features, left, regression.signal);
    trials.push({ strength, loss: losses.reduce((sum, { value }) => sum + value, 0) / split.folds });
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
  const [fit] = await fitAll(regression, [{ includes, point: start(regression) }], strength);
  return unstandardised(fit.point, regression);
}

/** Fits from where the points are: the solution of a stronger regularisation is near that of the next. */
async function fitAll(regression: Regression, fits: readonly Fit[], strength: number): Promise<Fit[]> {
  const { features, deviations, signal } = regression;
  const searches = fits.map(({ point }) => minimise(point, ACCURACY));
  const minima = await minimiseTogether(searches, async (points) => {
    const problems = points.map(({ search, point }) => ({
      weight: unstandardised(point, regression),
      includes: fits[search].includes,
    }));
    const losses = await bradleyTerry(features, problems, signal);
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

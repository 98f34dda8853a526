/** Weights that minimise Bradley–Terry loss, regularisation and consistency together: convex, so there is one minimum. */
import { BRADLEY_TERRY } from "./bradley-terry.js";
import { ENDING, FOLLOWING, FOLLOWING_SHARE } from "./consistency.js";
import { type MinimiseOptions, minimise, minimiseTogether } from "./lbfgs.js";
import { type Includes, type Pairs, type Part, type Problem, totalLoss } from "./mean-loss.js";

export const TO_FIT: MinimiseOptions = { tolerance: 1e-6, maxIterations: 1000 };

/** The loss at a λ-convex minimum is exact to tolerance² / 2λ, here 5e-6: to tell strengths apart takes less than to fit. */
export function toCompare(strength: number): MinimiseOptions {
  return { tolerance: Math.sqrt(2 * strength * 5e-6), maxIterations: 300 };
}

export interface Regression extends Pairs {
  /** Deviation of each feature; the regression sees the features divided by it. */
  deviations: Float64Array;
}

/** What the loss is made of beside Bradley–Terry. */
export interface Strengths {
  /** λ in λ/2 |w|², on standardised features. */
  strength: number;
  /** How much the squares of consistency.ts count. */
  consistency: number;
}

/** One weight vector a training set. */
export interface Fit {
  includes: Includes;
  /** In units of standardised features. */
  point: Float64Array;
}

/** Knows nothing yet. */
export function unfitted({ features }: Regression, includes: Includes): Fit {
  return { includes, point: new Float64Array(features.rowLength) };
}

/** Fits from where the points are: the solution of a stronger regularisation is near that of the next. */
export async function fitAll(
  regression: Regression,
  fits: readonly Fit[],
  { strength, consistency }: Strengths,
  accuracy: MinimiseOptions,
): Promise<Fit[]> {
  const { deviations } = regression;
  const parts = partsOf(consistency);
  const searches = fits.map(({ point }) => minimise(point, accuracy));
  const minima = await minimiseTogether(searches, async (points) => {
    const problems = points.map(({ search, point }) => problemOf(regression, { includes: fits[search].includes, point }));
    const losses = await totalLoss(regression, parts, problems);
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

/** A fit's weights of the hidden state itself. A feature that never varies has none. */
export function problemOf({ deviations }: Regression, { includes, point }: Fit): Problem {
  return { includes, weight: point.map((each, i) => (deviations[i] > 0 ? each / deviations[i] : 0)) };
}

function partsOf(consistency: number): Part[] {
  const parts = [
    { loss: BRADLEY_TERRY, factor: 1 },
    { loss: ENDING, factor: consistency },
    { loss: FOLLOWING, factor: consistency * FOLLOWING_SHARE },
  ];
  return parts.filter(({ factor }) => factor > 0);
}

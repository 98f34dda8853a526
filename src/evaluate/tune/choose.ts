/** The rule by which a weight is chosen. */
import type { EvaluationResults, MethodResult } from "../results.js";
import { type BoundCheck, checkBounds, type ResolvedBounds } from "./bounds.js";

/** What may be chosen: a method at one weight. */
export interface TuneCandidate {
  /** Its key in the results: "args-greedy weight=0.3". */
  name: string;
  /** The method's own name. */
  method: string;
  /** Null for blocks, which have none: the best draft is taken. */
  weight: number | null;
}

/** A candidate with what was measured of it. */
export interface TunePoint extends TuneCandidate {
  measures: MethodResult;
  bounds: BoundCheck[];
  /** Every bound holds; not where no prompt was answered. */
  within: boolean;
}

/** Every candidate that was measured beside the baseline. */
export function tunePoints(
  results: EvaluationResults,
  candidates: readonly TuneCandidate[],
  { baseline, bounds }: { baseline: string; bounds: ResolvedBounds },
): TunePoint[] {
  return candidates.map((candidate) => {
    const checks = checkBounds(results, candidate.name, baseline, bounds);
    const measures = results.methods[candidate.name] ?? {};
    const measured = Object.keys(measures).length > 0;
    return { ...candidate, measures, bounds: checks, within: measured && checks.every(({ holds }) => holds) };
  });
}

/**
 * Of each method the largest weight at which every bound holds; of several methods' the one that the judge rates highest, or where there is
 * none the reward that guides. Undefined where no bound-keeping point is.
 */
export function choosePoint(points: readonly TunePoint[]): TunePoint | undefined {
  const methods = [...new Set(points.map(({ method }) => method))];
  const largest = methods.flatMap((name) => {
    const within = points.filter(({ method, within }) => method === name && within);
    return within.length === 0 ? [] : [within.reduce((most, point) => (weightOf(point) > weightOf(most) ? point : most))];
  });
  return largest.length === 0 ? undefined : largest.reduce((best, point) => (worth(point) > worth(best) ? point : best));
}

function worth({ measures: { judgeReward, reward } }: TunePoint): number {
  return (judgeReward ?? reward)?.mean ?? Number.NEGATIVE_INFINITY;
}

/** Blocks have a single point. */
export function weightOf({ weight }: TuneCandidate): number {
  return weight ?? 0;
}

/** The least weight of each method. */
export function leastWeights(points: readonly TunePoint[]): TunePoint[] {
  const methods = [...new Set(points.map(({ method }) => method))];
  return methods.map((name) => {
    return points.filter(({ method }) => method === name).reduce((least, point) => (weightOf(point) < weightOf(least) ? point : least));
  });
}

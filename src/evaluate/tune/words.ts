/** What tune() found, in sentences: of the report and of the command line alike. */
import { digits, titleOf } from "../report/numbers.js";
import type { BoundCheck } from "./bounds.js";
import { leastWeights, type TunePoint } from "./choose.js";

/** What was chosen and what speaks against it, or why nothing was. */
export function tuneVerdict({ chosen, points }: { chosen: TunePoint | null; points: readonly TunePoint[] }): string[] {
  if (chosen === null) {
    const failing = leastWeights(points).map((point) => `${point.method} at weight ${point.weight}: ${outside(point)}`);
    return [`No weight stays within the bounds. What fails at the least one: ${failing.join(". ")}.`];
  }
  const below = points.filter(({ method, weight, within }) => method === chosen.method && weight < chosen.weight && !within);
  const largest = points.filter(({ method }) => method === chosen.method).every(({ weight }) => weight <= chosen.weight);
  return [
    `Chosen: ${chosen.method} at weight ${chosen.weight}, the largest of those tried whose text stays within the bounds.${largest ? " No larger one was tried." : ""}`,
    ...(below.length === 0 ? [] : [`A smaller weight is outside, which noise alone may do: ${below.map(belowOf).join(". ")}.`]),
  ];
}

function belowOf(point: TunePoint): string {
  return `${point.weight}: ${outside(point)}`;
}

function outside({ bounds, measures }: TunePoint): string {
  if (Object.keys(measures).length === 0) return "no prompt was answered";
  return bounds
    .filter(({ holds }) => !holds)
    .map(describeCheck)
    .join("; ");
}

/** "diversity × 100 is 0.912 of greedy decoding's [0.850, 0.970], at least 0.95". */
export function describeCheck({ metric, sense, bound, value, share }: BoundCheck): string {
  const found =
    share === null ? `${digits(value)}, and greedy decoding's 0` : `${digits(share.mean)} of greedy decoding's ${interval(share)}`;
  return `${titleOf(metric).replace(/ (×.*|%)$/, "")} is ${found}, at ${sense} ${bound}`;
}

/** "[0.850, 0.970]". */
export function interval({ low, high }: { low: number; high: number }): string {
  return `[${digits(low)}, ${digits(high)}]`;
}

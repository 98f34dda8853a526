/** What tune() found, in sentences: of the report and of the command line alike. */
import { digits, titleOf } from "../report/numbers.js";
import type { BoundCheck } from "./bounds.js";
import { leastWeights, type TunePoint, weightOf } from "./choose.js";

/** What was chosen and what speaks against it, or why nothing was. */
export function tuneVerdict({ chosen, points }: { chosen: TunePoint | null; points: readonly TunePoint[] }): string[] {
  if (chosen === null) {
    const failing = leastWeights(points).map((point) => `${named(point)}: ${outside(point)}`);
    return [`No weight stays within the bounds. What fails at the least one: ${failing.join(". ")}.`];
  }
  if (chosen.weight === null) return [`Chosen: ${chosen.name}, whose text stays within the bounds.`];
  const own = points.filter(({ method }) => method === chosen.method);
  const below = own.filter((point) => weightOf(point) < weightOf(chosen) && !point.within);
  const largest = own.every((point) => weightOf(point) <= weightOf(chosen));
  return [
    `Chosen: ${named(chosen)}, the largest of those tried whose text stays within the bounds.${largest ? " No larger one was tried." : ""}`,
    ...(below.length === 0 ? [] : [`A smaller weight is outside, which noise alone may do: ${below.map(belowOf).join(". ")}.`]),
  ];
}

/** "args-greedy at weight 0.3". */
function named({ name, method, weight }: TunePoint): string {
  return weight === null ? name : `${method} at weight ${weight}`;
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

/** Rows of a table about pairs of methods. */
import type { EvaluationResults } from "../results.js";
import type { Cell, Table } from "./document.js";
import { lineups } from "./lineup.js";

interface Pair {
  method: string;
  baseline: string;
}

/** By models, where there are several; pairs of different models come last. */
export function pairRows<T extends Pair>(
  results: EvaluationResults,
  pairs: readonly T[],
  row: (name: string, pair: T) => Cell[],
): Table["rows"] {
  const short = new Map<T, string>();
  const groups = lineups(results).flatMap(({ label, entries }) => {
    const names = new Map(entries.map((entry) => [entry.name, entry.short]));
    const own = pairs.filter(({ method, baseline }) => names.has(method) && names.has(baseline));
    for (const each of own) short.set(each, `${names.get(each.method)} against ${names.get(each.baseline)}`);
    return own.length === 0 || label === null ? own : [label, ...own];
  });
  const others = pairs.filter((each) => !short.has(each));
  return [...groups, ...others].map((each) => {
    return typeof each === "string" ? each : row(short.get(each) ?? `${each.method} against ${each.baseline}`, each);
  });
}

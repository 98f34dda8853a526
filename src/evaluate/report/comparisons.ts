/** Paired differences: every method against greedy decoding, ARGS-greedy against every other method. */
import { baselineOf } from "../baseline.js";
import type { Comparison, EvaluationResults } from "../results.js";
import { type Block, type Cell, heading, MOST_ROWS, type Table, text } from "./document.js";
import { type Entry, isSwept, type Lineup, lineups } from "./lineup.js";
import { BUILT_IN, ORDER, shownDifference, shownP, titleOf } from "./numbers.js";

/** One row: the difference `method` - `other`. */
interface Row {
  shown: string;
  method: string;
  other: string;
}

type Find = (metric: string, method: string, other: string) => Comparison | undefined;

export function comparisons(results: EvaluationResults): Block[] {
  const greedy = differences(results, "method", againstGreedy);
  const others = differences(results, "methods", argsGreedyAgainstOthers);
  return [
    heading("Against greedy decoding"),
    greedy ?? text("Greedy decoding is not among the methods, or stands alone."),
    ...(others === null ? [] : [heading("ARGS-greedy against the other methods"), others]),
    ...(greedy === null && others === null ? [] : [text(ABOUT)]),
  ];
}

function againstGreedy({ entries, greedy }: Lineup): Row[] {
  return entries.flatMap((entry) => {
    const baseline = baselineOf(entry, entries, ({ settings }) => settings);
    if (baseline === undefined) return [];
    const shown = baseline === greedy ? entry.short : `${entry.short} (${baseline.short})`;
    return [{ shown, method: entry.name, other: baseline.name }];
  });
}

function argsGreedyAgainstOthers({ entries, greedy, argsGreedy }: Lineup): Row[] {
  if (argsGreedy === undefined) return [];
  const others = entries.filter((entry) => entry !== greedy && entry !== argsGreedy);
  return others
    .filter((entry) => !isSwept(entry) || hasSettingsOf(entry, argsGreedy))
    .map(({ name, short }) => ({ shown: `${argsGreedy.short} against ${short}`, method: argsGreedy.name, other: name }));
}

const ABOUT =
  "Differences with 95 % intervals, paired over prompts; p of a two-sided permutation test (10,000 changes of sign, or all of them where at most 13 prompts differ), not adjusted for the number of tests.";

/** Of a sweep's other methods, the variant that differs in nothing but the method. */
function hasSettingsOf(entry: Entry, other: Entry): boolean {
  return JSON.stringify(entry.swept) === JSON.stringify(other.swept);
}

function differences(results: EvaluationResults, head: string, rowsOf: (lineup: Lineup) => Row[]): Table | null {
  const find = finder(results.comparisons);
  const groups = lineups(results).map((lineup) => ({ label: lineup.label, rows: rowsOf(lineup) }));
  const all = groups.flatMap(({ rows }) => rows);
  const metrics = comparedMetrics(results).filter((metric) => all.some(({ method, other }) => find(metric, method, other)));
  if (metrics.length === 0) return null;
  const cells = ({ shown, method, other }: Row): Cell[] => [
    shown,
    ...metrics.map((metric) => difference(metric, find(metric, method, other))),
  ];
  const rows = groups.flatMap((group) =>
    group.rows.length === 0 ? [] : [...(group.label ? [group.label] : []), ...group.rows.map(cells)],
  );
  const folded = all.length > MOST_ROWS && { folded: `${all.length} differences` };
  return { kind: "table", head: [head, ...metrics.map(titleOf)], rows, ...folded };
}

/** Those of quality, and measures of the user's own. */
function comparedMetrics({ comparisons }: EvaluationResults): string[] {
  const own = new Set(comparisons.map(({ metric }) => metric).filter((metric) => !BUILT_IN.includes(metric)));
  return [...ORDER, ...own];
}

function difference(metric: string, found: Comparison | undefined): Cell {
  if (found === undefined) return "–";
  const { value, below } = shownDifference(metric, found);
  return { value, below: `${below}, p ${shownP(found.p)}` };
}

/** Comparisons are kept one way round; turned, they change their sign. */
function finder(comparisons: readonly Comparison[]): Find {
  const key = (metric: string, a: string, b: string): string => JSON.stringify([metric, a, b]);
  const known = new Map(comparisons.map((each) => [key(each.metric, each.a, each.b), each]));
  return (metric, method, other) => {
    const turned = known.get(key(metric, other, method));
    if (turned === undefined) return known.get(key(metric, method, other));
    return { ...turned, a: method, b: other, mean: -turned.mean, low: -turned.high, high: -turned.low };
  };
}

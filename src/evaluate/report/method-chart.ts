import type { EvaluationResults } from "../results.js";
import { BLUE, type ChartSpec, INK, type Layout, plotWidth, pointsOf, topLevel, VALUE_AXIS } from "./chart.js";
import { isSwept, type Lineup } from "./lineup.js";
import { titleOf } from "./numbers.js";

/** Measures that are drawn, where there are values. */
const DRAWN = ["reward", "judgeReward", "diversity", "coherence", "ended", "loops", "perplexity", "tokensPerSecond"] as const;

/** More methods than this are no comparison that bars could show. */
const MOST_BARS = 16;

/** Bars of the methods that stand alone, a field a measure; models below each other. */
export function methodChart(results: EvaluationResults, lineups: readonly Lineup[]): ChartSpec | null {
  const models = lineups.map((lineup) => ({ ...lineup, entries: lineup.entries.filter((entry) => !isSwept(entry)) }));
  if (models.every(({ entries, greedy }) => entries.every((entry) => entry === greedy))) return null;
  if (models.some(({ entries }) => entries.length > MOST_BARS)) return null;
  const spec = (layout: Layout): object =>
    topLevel({ columns: layout === "wide" ? 2 : 1, concat: fields(results, models, layout) }, layout);
  return { name: "methods", caption: "Means of the methods with 95 % intervals.", spec: spec("wide"), narrow: spec("narrow") };
}

function fields(results: EvaluationResults, models: readonly Lineup[], layout: Layout): object[] {
  const names = [...new Set(models.flatMap(({ entries }) => entries.map(({ short }) => short)))];
  const width = plotWidth(layout, 330, names);
  return DRAWN.flatMap((metric): object[] => {
    const values = models.flatMap(({ label, entries }) => pointsOf(results, entries, metric).map((point) => ({ ...point, model: label })));
    if (values.length === 0) return [];
    const y = { field: "method", type: "nominal", sort: names, title: null } as const;
    const x = { field: "value", type: "quantitative", scale: { nice: 5 }, ...VALUE_AXIS } as const;
    const layer = [
      { mark: { type: "bar", color: BLUE, height: 14 }, encoding: { y, x } },
      { mark: { type: "rule", color: INK }, encoding: { y, x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ];
    const field = { title: titleOf(metric), data: { values: values.map(({ entry: _, ...point }) => point) } };
    if (models.length === 1) return [{ ...field, width, layer }];
    const facet = { field: "model", type: "nominal", sort: models.map(({ label }) => label), header: { labelAnchor: "start" } };
    return [{ ...field, facet, columns: 1, spec: { width, layer } }];
  });
}

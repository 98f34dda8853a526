import type { EvaluationResults } from "../results.js";
import { type ChartSpec, INK, type Layout, plotWidth, pointsOf, topLevel, VALUE_AXIS } from "./chart.js";
import { isSwept, type Lineup } from "./lineup.js";
import { titleOf } from "./numbers.js";

/** A bar and its interval's line, pixels. */
const STEP = 15;

/**
 * The paper's comparison across models, in the order they were given: next to each other method by method. Of a sweep only
 * the variant with the paper's settings.
 */
export function modelChart(results: EvaluationResults, lineups: readonly Lineup[]): ChartSpec | null {
  if (lineups.length < 2) return null;
  const values = lineups.flatMap(({ label, entries, argsGreedy }) => {
    const shown = entries.filter((entry) => !isSwept(entry) || entry === argsGreedy);
    return pointsOf(results, shown, "reward").map(({ entry: _, ...point }) => ({ ...point, model: label }));
  });
  if (values.length === 0) return null;
  const models = lineups.map(({ label }) => label);
  const methods = [...new Set(values.map(({ method }) => method))];
  const color = {
    field: "model",
    type: "nominal",
    title: null,
    scale: { domain: models, scheme: models.length > 10 ? "tableau20" : "tableau10" },
    legend: { columns: 1, labelLimit: 640 },
  } as const;
  const x = { field: "value", type: "quantitative", scale: { nice: 5 }, ...VALUE_AXIS, title: titleOf("reward") } as const;
  const drawing = {
    data: { values },
    height: { step: STEP },
    layer: [
      { mark: { type: "bar", height: { band: 0.85 } }, encoding: { x, color } },
      {
        // A rule starts at the edge of its band.
        mark: { type: "rule", color: INK, yOffset: STEP / 2 },
        encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
      },
    ],
    encoding: { y: { field: "method", type: "nominal", sort: methods, title: null }, yOffset: { field: "model", sort: models } },
  };
  const spec = (layout: Layout): object => topLevel({ ...drawing, width: plotWidth(layout, 480, methods) }, layout);
  const caption = "Average reward by method and models, with 95 % intervals.";
  return { name: "models", caption, spec: spec("wide"), narrow: spec("narrow") };
}

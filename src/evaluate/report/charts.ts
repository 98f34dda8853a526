import type { EvaluationResults } from "../results.js";
import type { ChartSpec } from "./chart.js";
import { lineups } from "./lineup.js";
import { methodChart } from "./method-chart.js";
import { modelChart } from "./model-chart.js";
import { sweepChart } from "./sweep-chart.js";

export type { ChartSpec };

/** The charts that the results have data for. */
export function chartSpecs(results: EvaluationResults): ChartSpec[] {
  const models = lineups(results);
  return [methodChart, sweepChart, modelChart].map((chart) => chart(results, models)).filter((chart) => chart !== null);
}

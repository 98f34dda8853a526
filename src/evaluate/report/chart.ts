/** What all charts share: vega-lite specifications, data and drawing in one object, ready to be drawn or changed. */
import type { EvaluationResults } from "../results.js";
import type { Entry } from "./lineup.js";
import { shownValue } from "./numbers.js";

export interface ChartSpec {
  name: string;
  caption: string;
  /** A vega-lite top-level specification. */
  spec: object;
}

/** One method's mean of one measure with its interval, in the unit of titleOf(). */
export interface Point {
  method: string;
  value: number;
  low: number;
  high: number;
}

export const INK = "#1c2530";
export const GREY = "#5a6675";
export const BLUE = "#3478dc";
export const RED = "#c0392b";

/** Ticks of an axis of values: so few that 0 and the ends keep their labels. */
export const VALUE_AXIS = { title: null, axis: { tickCount: 5 } } as const;

const CONFIG = {
  font: "system-ui, sans-serif",
  view: { stroke: null },
  title: { fontSize: 12, anchor: "start" },
  header: { title: null, labelFontSize: 11, labelFontWeight: "bold", labelColor: INK, labelLimit: 640 },
  legend: { labelLimit: 320, symbolOpacity: 1, symbolType: "square", orient: "bottom", columns: 3 },
  axis: {
    grid: true,
    gridColor: "#e6eaf0",
    domain: false,
    ticks: false,
    labelColor: INK,
    labelFontSize: 11,
    titleFontSize: 12,
    labelLimit: 420,
    labelFlush: false,
  },
} as const;

export function topLevel(spec: object): object {
  return { $schema: "https://vega.github.io/schema/vega-lite/v6.json", background: "white", padding: 8, config: CONFIG, ...spec };
}

export function pointsOf({ methods }: EvaluationResults, entries: readonly Entry[], metric: string): (Point & { entry: Entry })[] {
  return entries.flatMap((entry) => {
    const found = methods[entry.name]?.[metric];
    if (found === undefined) return [];
    const [value, low, high] = [found.mean, found.low, found.high].map((each) => shownValue(metric, each)) as [number, number, number];
    return [{ entry, method: entry.short, value, low, high }];
  });
}

/** What all charts share: vega-lite specifications, data and drawing in one object, ready to be drawn or changed. */
import type { EvaluationResults } from "../results.js";
import type { Entry } from "./lineup.js";
import { shownValue } from "./numbers.js";

export interface ChartSpec {
  name: string;
  caption: string;
  /** A vega-lite top-level specification. */
  spec: object;
  /** The same for a narrow screen: one field below the other, so that letters stay legible where it is 400 pixels wide. */
  narrow: object;
}

/** How wide a chart may be. */
export type Layout = "wide" | "narrow";

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

/** Pixels of a narrow chart, with its axis and without the padding. */
const NARROW = 360;

/** A plot is no narrower than this, however long the labels beside it are: the whole chart is scaled then. */
const LEAST = 150;

const LABEL_SIZE = 11;

/** Ticks of an axis of values: so few that 0 and the ends keep their labels. */
export const VALUE_AXIS = { title: null, axis: { tickCount: 5 } } as const;

const CONFIG = {
  font: "system-ui, sans-serif",
  view: { stroke: null },
  title: { fontSize: 12, anchor: "start" },
  header: { title: null, labelFontSize: LABEL_SIZE, labelFontWeight: "bold", labelColor: INK, labelLimit: 640 },
  legend: { labelLimit: 320, symbolOpacity: 1, symbolType: "square", orient: "bottom", columns: 3 },
  axis: {
    grid: true,
    gridColor: "#e6eaf0",
    domain: false,
    ticks: false,
    labelColor: INK,
    labelFontSize: LABEL_SIZE,
    titleFontSize: 12,
    labelLimit: 420,
    labelFlush: false,
  },
} as const;

export function topLevel(spec: object, layout: Layout = "wide"): object {
  const config = layout === "wide" ? CONFIG : { ...CONFIG, legend: { ...CONFIG.legend, columns: 1 } };
  return { $schema: "https://vega.github.io/schema/vega-lite/v6.json", background: "white", padding: 8, config, ...spec };
}

/** Width of a plot with these labels at its left. */
export function plotWidth(layout: Layout, wide: number, labels: readonly string[]): number {
  if (layout === "wide") return wide;
  // As vega reckons a text's width where it has no canvas to measure it.
  const beside = 0.8 * LABEL_SIZE * Math.max(0, ...labels.map(({ length }) => length));
  return Math.max(LEAST, Math.floor(NARROW - beside));
}

export function pointsOf({ methods }: EvaluationResults, entries: readonly Entry[], metric: string): (Point & { entry: Entry })[] {
  return entries.flatMap((entry) => {
    const found = methods[entry.name]?.[metric];
    if (found === undefined) return [];
    const [value, low, high] = [found.mean, found.low, found.high].map((each) => shownValue(metric, each)) as [number, number, number];
    return [{ entry, method: entry.short, value, low, high }];
  });
}

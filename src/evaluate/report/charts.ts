/** Charts as vega-lite specifications: data and drawing in one object, ready to be drawn or changed. */
import type { EvaluationResults } from "../results.js";
import { shownValue, titleOf } from "./numbers.js";

export interface ChartSpec {
  name: string;
  caption: string;
  /** A vega-lite top-level specification. */
  spec: object;
}

/** Measures that are drawn, where there are values. */
const DRAWN = ["reward", "diversity", "coherence", "tokensPerSecond"] as const;
/** Those of the paper's figure over w. */
const SWEPT = ["reward", "diversity", "coherence"] as const;
/** More bars than this are a sweep, not a comparison. */
const MOST_BARS = 16;

interface Point {
  method: string;
  label: string;
  value: number;
  low: number;
  high: number;
}

interface SweptPoint extends Point {
  weight: number;
  series: string;
}

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
const CONFIG = {
  font: "system-ui, sans-serif",
  view: { stroke: null },
  legend: { labelLimit: 320, symbolOpacity: 1 },
  axis: { grid: true, gridColor: "#e6eaf0", domain: false, ticks: false, labelFontSize: 11, titleFontSize: 12, labelLimit: 260 },
} as const;

/** The charts that the results have data for. */
export function chartSpecs(results: EvaluationResults): ChartSpec[] {
  return [barChart(results), sweepChart(results), sizeChart(results)].filter((chart) => chart !== null);
}

function barChart(results: EvaluationResults): ChartSpec | null {
  const names = Object.keys(results.methods).filter((name) => !isSwept(results, name));
  if (names.every(isGreedy) || names.length > MOST_BARS) return null;
  const concat = DRAWN.flatMap((metric) => {
    const values = pointsOf(results, names, metric);
    if (values.length === 0) return [];
    const y = { field: "method", type: "nominal", sort: names, title: null } as const;
    return {
      title: titleOf(metric),
      width: 330,
      data: { values },
      layer: [
        { mark: { type: "bar", color: "#3478dc", height: 14 }, encoding: { y, x: { field: "value", type: "quantitative", title: null } } },
        { mark: { type: "rule", color: "#1c2530" }, encoding: { y, x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
      ],
    } as const;
  });
  return {
    name: "methods",
    caption: "Means of the methods with 95 % intervals.",
    spec: { $schema: SCHEMA, background: "white", config: CONFIG, columns: 2, concat },
  };
}

/** The paper's figure: measures against w, one line a method and k; greedy decoding dashed. */
function sweepChart(results: EvaluationResults): ChartSpec | null {
  const names = Object.keys(results.methods).filter((name) => isSwept(results, name));
  if (new Set(names.map((name) => weightOf(results, name))).size < 2) return null;
  const concat = SWEPT.flatMap((metric) => {
    const values: SweptPoint[] = pointsOf(results, names, metric).flatMap((point) => {
      const weight = weightOf(results, point.method);
      return weight === undefined ? [] : [{ ...point, weight, series: point.method.replace(/ ?weight=\S+/, "").trim() }];
    });
    if (values.length === 0) return [];
    const baselines = pointsOf(results, Object.keys(results.methods).filter(isGreedy), metric);
    const x = { field: "weight", type: "quantitative", title: "w" } as const;
    const color = { field: "series", type: "nominal", title: null } as const;
    const scale = { zero: false } as const;
    return {
      title: titleOf(metric),
      width: 300,
      height: 190,
      layer: [
        {
          data: { values },
          mark: { type: "area", opacity: 0.15 },
          encoding: { x, color, y: { field: "low", type: "quantitative", title: null, scale }, y2: { field: "high" } },
        },
        {
          data: { values },
          mark: { type: "line", point: true },
          encoding: { x, color, y: { field: "value", type: "quantitative", scale } },
        },
        {
          data: { values: baselines },
          mark: { type: "rule", strokeDash: [5, 4], color: "#5a6675" },
          encoding: { y: { field: "value", type: "quantitative", scale } },
        },
      ],
    } as const;
  });
  return {
    name: "sweep",
    caption: "Average reward, diversity and coherence against w, with 95 % intervals; dashed: greedy decoding.",
    spec: { $schema: SCHEMA, background: "white", config: CONFIG, columns: 3, concat },
  };
}

/** The paper's comparison across models: rewards of the methods, by pair of models. */
function sizeChart(results: EvaluationResults): ChartSpec | null {
  if (results.settings.pairs.length < 2) return null;
  const values = pointsOf(results, Object.keys(results.methods), "reward");
  const method = { field: "method", type: "nominal", title: null } as const;
  const spec = {
    $schema: SCHEMA,
    background: "white",
    config: CONFIG,
    data: { values: values.map((point) => ({ ...point, method: point.method.replace(`${point.label}: `, "") })) },
    width: { step: 18 },
    height: 220,
    layer: [
      { mark: { type: "bar" }, encoding: { y: { field: "value", type: "quantitative", title: titleOf("reward") } } },
      { mark: { type: "rule", color: "#1c2530" }, encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" } } },
    ],
    encoding: {
      x: { field: "label", type: "nominal", title: null, axis: { labelAngle: 0 } },
      xOffset: { field: "method" },
      color: { ...method, scale: { scheme: "tableau20" } },
    },
  };
  return { name: "models", caption: "Average reward by models and method, with 95 % intervals.", spec: spec };
}

function pointsOf({ methods, settings }: EvaluationResults, names: readonly string[], metric: string): Point[] {
  return names.flatMap((method) => {
    const found = methods[method]?.[metric];
    if (found === undefined) return [];
    const label = settings.pairs.find((pair) => pair.methods.includes(method))?.label ?? "";
    const [value, low, high] = [found.mean, found.low, found.high].map((each) => shownValue(metric, each)) as [number, number, number];
    return [{ method, label, value, low, high }];
  });
}

function isGreedy(name: string): boolean {
  return name === "greedy" || name.endsWith(": greedy");
}

function isSwept(results: EvaluationResults, name: string): boolean {
  return weightOf(results, name) !== undefined && name.includes("=");
}

function weightOf({ settings }: EvaluationResults, name: string): number | undefined {
  return settings.methods[name]?.weight;
}

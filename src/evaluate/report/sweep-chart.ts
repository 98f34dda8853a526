import type { EvaluationResults } from "../results.js";
import { SWEPT_NAMES, type SweptName } from "../sweep.js";
import { type ChartSpec, GREY, type Layout, type Point, pointsOf, RED, topLevel, VALUE_AXIS } from "./chart.js";
import type { Entry, Lineup } from "./lineup.js";
import { shownValue, titleOf } from "./numbers.js";
import { sweptEntries } from "./swept.js";

/** The measures of the paper's figure over w, and what the text pays for the reward. */
const DRAWN = ["reward", "judgeReward", "diversity", "coherence", "ended", "loops", "perplexity"] as const;

/** As the paper writes them. */
const TITLES: Partial<Record<SweptName, string>> = { weight: "w", topK: "k" };

/** Fields side by side. */
const COLUMNS = { wide: 3, narrow: 1 } as const;

/** What runs along the x axis: the first of these with several values. */
const AXES: readonly { name: SweptName; title: string }[] = SWEPT_NAMES.map((name) => ({ name, title: TITLES[name] ?? name }));

/** Points of different lines stand this share of the axis beside each other, so that their intervals can be told apart. */
const ASIDE = 0.008;

type Axis = (typeof AXES)[number];

interface Line {
  series: string;
  entry: Entry;
}

/** What is drawn beside the lines. */
export interface SweepMarks {
  /** Bounds by measure, in its own unit. */
  limits: ReadonlyMap<string, number>;
  /** A place on the x axis. */
  chosen: number | null;
}

const NO_MARKS: SweepMarks = { limits: new Map(), chosen: null };

/** The paper's figure: measures against w (or k, or the temperature), a line a method and its other settings; a row a model. */
export function sweepChart(results: EvaluationResults, models: readonly Lineup[], marks = NO_MARKS): ChartSpec | null {
  const lineups = models.map((lineup) => ({ ...lineup, entries: sweptEntries(lineup.entries) }));
  const swept = lineups.flatMap(({ entries }) => entries);
  const axis = AXES.find(({ name }) => new Set(swept.flatMap((entry) => entry.swept[name] ?? [])).size > 1);
  if (axis === undefined) return null;
  const lines = swept.map((entry) => ({ entry, series: seriesOf(entry, axis) }));
  const series = orderOf(lines, axis);
  const rows = lineups.map((lineup) => ({
    ...(lineup.label !== null && { title: { text: lineup.label, anchor: "start" } }),
    concat: DRAWN.flatMap((metric) => field(results, lineup, metric, { axis, series, marks })),
  }));
  const spec = (layout: Layout): object => {
    const whole = rows.map((row) => ({ ...row, columns: COLUMNS[layout] }));
    return topLevel(whole.length === 1 ? { ...whole[0] } : { vconcat: whole }, layout);
  };
  const greedy = lineups.some((lineup) => lineup.greedy !== undefined) ? "; dashed: greedy decoding" : "";
  return {
    name: "sweep",
    caption: `What was measured against ${axis.title}, with 95 % intervals${greedy}.`,
    spec: spec("wide"),
    narrow: spec("narrow"),
  };
}

interface Drawing {
  axis: Axis;
  series: readonly string[];
  marks: SweepMarks;
}

function field(results: EvaluationResults, lineup: Lineup, metric: string, { axis, series, marks }: Drawing): object[] {
  const points = pointsOf(results, lineup.entries, metric);
  if (points.length === 0) return [];
  const places = [...new Set(points.flatMap(({ entry }) => entry.swept[axis.name] ?? []))].sort((a, b) => a - b);
  const span = (places.at(-1) ?? 0) - (places[0] ?? 0);
  const values = points.map(({ entry, ...point }) => {
    const name = seriesOf(entry, axis);
    const aside = (series.indexOf(name) - (series.length - 1) / 2) * ASIDE * span;
    return { ...point, series: name, x: (entry.swept[axis.name] ?? 0) + aside };
  });
  const greedy: Point[] = pointsOf(results, lineup.greedy ? [lineup.greedy] : [], metric).map(({ entry: _, ...point }) => point);
  const scheme = series.length > 10 ? "tableau20" : "tableau10";
  const legend = series.length === 1 ? null : {};
  const color = { field: "series", type: "nominal", title: null, scale: { domain: series, scheme }, legend } as const;
  const x = {
    field: "x",
    type: "quantitative",
    title: axis.title,
    axis: { values: places },
    scale: { zero: false, nice: false, padding: 8 },
  } as const;
  const y = (name: keyof Point) => ({ field: name, type: "quantitative", scale: { zero: false, nice: 5 }, ...VALUE_AXIS }) as const;
  return [
    {
      title: titleOf(metric),
      width: 290,
      height: 200,
      layer: [
        ...markLayers(metric, marks),
        { data: { values: greedy }, mark: { type: "rule", strokeDash: [5, 4], color: GREY }, encoding: { y: y("value") } },
        { data: { values }, mark: { type: "rule", opacity: 0.6 }, encoding: { x, color, y: y("low"), y2: { field: "high" } } },
        { data: { values }, mark: { type: "line", point: { size: 28 } }, encoding: { x, color, y: y("value") } },
      ],
    },
  ];
}

/** What is beyond a bound's line is outside; at the chosen place stands a line from top to bottom. */
function markLayers(metric: string, { limits, chosen }: SweepMarks): object[] {
  const limit = limits.get(metric);
  const at = (value: number) => ({ values: [{ at: value }] });
  const encoded = { field: "at", type: "quantitative" } as const;
  const across = { mark: { type: "rule", color: RED, strokeDash: [2, 3] }, encoding: { y: { ...encoded, scale: { zero: false } } } };
  const upright = { mark: { type: "rule", color: GREY, opacity: 0.5 }, encoding: { x: { ...encoded, scale: { zero: false } } } };
  return [
    ...(chosen === null ? [] : [{ data: at(chosen), ...upright }]),
    ...(limit === undefined ? [] : [{ data: at(shownValue(metric, limit)), ...across }]),
  ];
}

/** "args-greedy topK=5": the method and what it has beside the axis. */
function seriesOf({ base, swept }: Entry, axis: Axis): string {
  const others = Object.entries(swept).filter(([name]) => name !== axis.name);
  return [base, ...others.map(([name, value]) => `${name}=${value}`)].join(" ");
}

/** Methods in their order, the settings of each by number: 5 before 10. */
function orderOf(lines: readonly Line[], axis: Axis): string[] {
  const bases = [...new Set(lines.map(({ entry }) => entry.base))];
  const rank = ({ entry }: Line): number[] => [
    bases.indexOf(entry.base),
    ...AXES.filter(({ name }) => name !== axis.name).map(({ name }) => entry.swept[name] ?? 0),
  ];
  const compare = (a: Line, b: Line): number => {
    const other = rank(b);
    return (
      rank(a)
        .map((value, at) => value - (other[at] ?? 0))
        .find((difference) => difference !== 0) ?? 0
    );
  };
  return [...new Set([...lines].sort(compare).map(({ series }) => series))];
}

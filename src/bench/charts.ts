/** What a benchmark draws: the contenders at the first place, and how they change along each axis. */
import { BLUE, type ChartSpec, INK, type Layout, plotWidth, topLevel } from "../evaluate/report/chart.js";
import type { Section } from "./section.js";

/** Times further apart than this show nothing on a linear scale. */
const LOGARITHMIC = 12;

const AXIS_TITLE: Readonly<Record<string, string>> = { topK: "k", slots: "slots", prefix: "prefix, tokens", type: "weights" };

export function speedCharts(sections: readonly Section[]): ChartSpec[] {
  const [base] = sections;
  if (base === undefined || base.rows.length === 0) return [];
  return [contenders(base), ...axesOf(sections).map((axis) => along(axis, sections, base))];
}

function contenders({ rows }: Section): ChartSpec {
  const values = rows.map(({ name, ms }) => ({ name, ms: ms.median, low: ms.low, high: ms.high, label: ms.median.toPrecision(3) }));
  const names = values.map(({ name }) => name);
  const times = values.map(({ ms }) => ms);
  const type = Math.max(...times) / Math.min(...times) > LOGARITHMIC ? "log" : "linear";
  const y = { field: "name", type: "nominal", sort: names, title: null } as const;
  const x = { field: "ms", type: "quantitative", title: "ms a token", scale: type === "log" ? { type } : { type, zero: true } } as const;
  const spec = (layout: Layout): object =>
    topLevel(
      {
        data: { values },
        width: plotWidth(layout, 420, names),
        height: { step: 22 },
        layer: [
          { mark: { type: "rule", color: INK, strokeWidth: 2 }, encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } } },
          { mark: { type: "point", filled: true, size: 60, color: BLUE, opacity: 1 }, encoding: { y, x } },
          { mark: { type: "text", align: "left", dx: 8, color: INK }, encoding: { y, x, text: { field: "label" } } },
        ],
      },
      layout,
    );
  return { name: "contenders", caption: "Milliseconds a token: medians, quartiles as lines.", spec: spec("wide"), narrow: spec("narrow") };
}

/** Axes of which there are several values. */
function axesOf(sections: readonly Section[]): string[] {
  const axes = Object.keys(sections[0]?.place ?? {});
  return axes.filter((axis) => new Set(sections.map(({ place }) => place[axis])).size > 1);
}

/** Of the sections those that differ from the first one in nothing else. */
function along(axis: string, sections: readonly Section[], base: Section): ChartSpec {
  const others = Object.keys(base.place).filter((name) => name !== axis);
  const chosen = sections.filter(({ place }) => others.every((name) => place[name] === base.place[name]));
  const values = chosen.flatMap(({ place, rows }) => rows.map(({ name, ms }) => ({ name, at: place[axis], ms: ms.median })));
  const places = [...new Set(values.map(({ at }) => at))];
  const type = places.every((place) => typeof place === "number") ? "quantitative" : "nominal";
  const spec = (layout: Layout): object =>
    topLevel(
      {
        data: { values },
        width: plotWidth(layout, 420, []),
        height: 260,
        mark: { type: "line", point: true },
        encoding: {
          x: {
            field: "at",
            type,
            title: AXIS_TITLE[axis] ?? axis,
            ...(type === "nominal" ? { sort: places } : { axis: { values: places } }),
          },
          y: { field: "ms", type: "quantitative", title: "ms a token", scale: { type: "log" } },
          color: { field: "name", type: "nominal", title: null, scale: { scheme: "tableau10" } },
        },
      },
      layout,
    );
  const title = AXIS_TITLE[axis] ?? axis;
  return { name: `by-${axis}`, caption: `Milliseconds a token by ${title}.`, spec: spec("wide"), narrow: spec("narrow") };
}

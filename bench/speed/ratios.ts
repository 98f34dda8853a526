/** What the project holds itself to: ratios of one run, with what they are to reach. */

import { type SpeedRow, TITLE } from "../../src/bench/results.js";
import { pairedRatio, type Summary } from "../../src/bench/summary.js";
import { digits } from "../../src/evaluate/report/numbers.js";
import { NODE_LLAMA_CPP } from "./node-llama-cpp.js";
import type { Place } from "./places.js";
import { RAW } from "./raw.js";
import { TRANSFORMERS } from "./transformers.js";

export interface MeasuredPlace {
  place: Place;
  rows: readonly SpeedRow[];
}

export interface Ratio {
  what: string;
  place: Place;
  found: Summary;
  /** "at most 0.78"; null where nothing is promised. */
  goal: string | null;
  reached: boolean | null;
}

type Rows = readonly SpeedRow[];

interface Promised {
  what: string;
  goal: (place: Place) => { most?: number; least?: number } | null;
  of: (rows: Rows) => Summary | null;
}

const isPlace = ({ prefix, topK, slots }: Place): boolean => prefix === 200 && topK === 10 && slots === 1;
/** Of a GPU. */
const is7b = ({ type }: Place): boolean => type === "7b-q4_0";
/** The other figures were set for the 135M shape, k = 10, prefix 200, one slot. */
const isBase = (place: Place): boolean => isPlace(place) && !is7b(place);
const atBase = (bound: { most?: number; least?: number }) => (place: Place) => (isBase(place) ? bound : null);
const at7b = (place: Place, bound: { most?: number; least?: number }) => (is7b(place) && isPlace(place) ? bound : null);
const atBaseQ4 = (bound: { most?: number; least?: number }) => (place: Place) => {
  return isBase(place) && (place.type === "q4_0" || place.type === "files") ? bound : null;
};

const RATIOS: readonly Promised[] = [
  {
    what: "ARGS / llama.cpp by hand, the best of its pools",
    goal: (place) => (isBase(place) ? ({ q4_0: { most: 0.78 }, q8_0: { most: 0.85 } }[place.type] ?? null) : null),
    of: (rows) => ratio(find(rows, TITLE.exact), bestPool(rows)),
  },
  {
    what: "ARGS / llama.cpp by hand, stopped at the norm",
    goal: (place) => (isBase(place) || place.prefix === 4000 ? { most: 1.05 } : null),
    of: (rows) => ratio(find(rows, TITLE.exact), find(rows, RAW.norm)),
  },
  { what: "shared trunk / ARGS", goal: atBase({ most: 0.82 }), of: (rows) => ratio(find(rows, TITLE.shared), find(rows, TITLE.exact)) },
  { what: "ARGS / plain", goal: (place) => at7b(place, { most: 2.5 }), of: (rows) => find(rows, TITLE.exact)?.toPlain ?? null },
  {
    what: "shared trunk / plain",
    goal: (place) => at7b(place, { most: 2.5 }) ?? atBase({ most: 2.3 })(place),
    of: (rows) => find(rows, TITLE.shared)?.toPlain ?? null,
  },
  {
    what: "shared trunk, predicted gate / plain",
    goal: atBaseQ4({ most: 1.6 }),
    of: (rows) => find(rows, TITLE.sharedPredicted)?.toPlain ?? null,
  },
  {
    what: "transformers / ARGS",
    goal: (place) => at7b(place, { least: 4 }) ?? atBaseQ4({ least: 4 })(place),
    of: (rows) => ratio(find(rows, TRANSFORMERS), find(rows, TITLE.exact)),
  },
  {
    what: "transformers / shared trunk",
    goal: atBaseQ4({ least: 5.4 }),
    of: (rows) => ratio(find(rows, TRANSFORMERS), find(rows, TITLE.shared)),
  },
  {
    what: "node-llama-cpp, whole texts / ARGS",
    goal: atBaseQ4({ least: 20 }),
    of: (rows) => ratio(find(rows, NODE_LLAMA_CPP.whole), find(rows, TITLE.exact)),
  },
  {
    what: "node-llama-cpp, a sequence a candidate / ARGS",
    goal: () => null,
    of: (rows) => ratio(find(rows, NODE_LLAMA_CPP.reuse), find(rows, TITLE.exact)),
  },
];

export function ratiosOf(places: readonly MeasuredPlace[]): Ratio[] {
  const paired = RATIOS.flatMap(({ what, goal, of }) =>
    places.flatMap(({ place, rows }) => {
      const found = of(rows);
      return found === null ? [] : [judged(what, place, found, goal(place))];
    }),
  );
  return [...paired, ...slotRatios(places)];
}

/** Tokens/s of several slots to those of one. Measured one after the other, so the medians are compared. */
function slotRatios(places: readonly MeasuredPlace[]): Ratio[] {
  return places.flatMap(({ place, rows }) => {
    const single = places.find((each) => each.place.slots === 1 && same(each.place, place));
    const [several, one] = [find(rows, TITLE.exact), single && find(single.rows, TITLE.exact)];
    if (place.slots === 1 || several === undefined || one === undefined) return [];
    const times = several.tokensPerSecond / one.tokensPerSecond;
    const found = { median: times, low: times, high: times, count: 1 };
    const goal = place.slots === 8 && place.type === "q4_0" && place.prefix === 200 && place.topK === 10 ? { least: 1.5 } : null;
    return [judged("tokens/s of these slots / of one", place, found, goal)];
  });
}

function judged(what: string, place: Place, found: Summary, goal: { most?: number; least?: number } | null): Ratio {
  if (goal === null) return { what, place, found, goal: null, reached: null };
  const { most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY } = goal;
  const words = goal.most === undefined ? `at least ${digits(least)}` : `at most ${digits(most)}`;
  return { what, place, found, goal: words, reached: found.median >= least && found.median <= most };
}

function same(a: Place, b: Place): boolean {
  return a.type === b.type && a.prefix === b.prefix && a.topK === b.topK;
}

function find(rows: Rows, name: string): SpeedRow | undefined {
  return rows.find((row) => row.name === name);
}

function bestPool(rows: Rows): SpeedRow | undefined {
  const pools = RAW.pools.flatMap((name) => find(rows, name) ?? []);
  return pools.sort((a, b) => a.ms.median - b.ms.median)[0];
}

function ratio(numerator: SpeedRow | undefined, denominator: SpeedRow | undefined): Summary | null {
  return pairedRatio(numerator?.rounds, denominator?.rounds);
}

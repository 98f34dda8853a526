/** Places on the axes of a benchmark, whatever these are. */
import type { LeftOut } from "./modes.js";
import type { SpeedRow } from "./results.js";

/** One table: the contenders at one place of the axes, whatever the axes are. */
export interface Section {
  /** Axis and value: { topK: 10, slots: 1, prefix: 200 }. */
  place: Readonly<Record<string, number | string | null>>;
  rows: readonly SpeedRow[];
  leftOut: readonly LeftOut[];
}

/** "k = 10, 1 slot, prefix 200". */
export function placeTitle(place: Section["place"]): string {
  const words = Object.entries(place).flatMap(([axis, value]) => {
    if (value === null) return [];
    if (axis === "topK") return [`k = ${value}`];
    if (axis === "slots") return [`${value} ${value === 1 ? "slot" : "slots"}`];
    return [axis === "prefix" ? `prefix ${value}` : `${value}`];
  });
  return words.join(", ");
}

/** Where a reward head came from: kept in the metadata beside it, shown by inspect(). */
import type { GgufSet } from "../engine/binding.js";
import { nonEmptyText, number, onlyKnown, plainObject } from "../validate.js";
import { HEAD_PREFIX } from "./reward-head.js";

/** Where a reward head comes from: kept in its file, shown by inspect(). */
export interface RewardProvenance {
  /** The model that the head was trained or fitted on, for example "meta-llama/Llama-3.2-1B". */
  source?: string | undefined;
  /** The preference data. */
  dataset?: string | undefined;
  /** Share of held-out pairs that it ranks right, 0…1. */
  accuracy?: number | undefined;
  /** The same by response tokens read, in words or JSON. */
  prefixAccuracy?: string | undefined;
}

const NAMES = ["source", "dataset", "accuracy", "prefixAccuracy"] as const satisfies (keyof RewardProvenance)[];

/** The metadata of a provenance. @throws ArgsearchError OPTION_INVALID */
export function provenanceEntries(provenance: RewardProvenance = {}): GgufSet[] {
  onlyKnown("provenance", plainObject("provenance", provenance), NAMES);
  return NAMES.flatMap((name) => {
    const value = provenance[name];
    if (value === undefined) return [];
    const key = HEAD_PREFIX + (name === "prefixAccuracy" ? "prefix_accuracy" : name);
    if (name !== "accuracy") return { key, value: nonEmptyText(`provenance.${name}`, value) };
    return { key, value: { f32: number("provenance.accuracy", value, { min: 0, max: 1 }) } };
  });
}

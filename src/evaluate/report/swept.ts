/** Who stands in the chart of a sweep. */
import type { MethodSettings } from "../methods.js";
import type { Swept, SweptName } from "../sweep.js";
import { type Entry, isSwept } from "./lineup.js";

/**
 * The variants of sweeps, and the methods by their own names that are one more point of such a line: the same settings but for what was
 * swept, at a place where the line has none yet. Those are given as the variants that they are.
 */
export function sweptEntries(entries: readonly Entry[]): Entry[] {
  const variants = entries.filter(isSwept);
  return entries.flatMap((entry) => {
    if (isSwept(entry)) return [entry];
    const line = variants.find((variant) => differsOnlyIn(variant, entry));
    if (line === undefined) return [];
    const swept = valuesOf(entry.settings, namesOf(line));
    const taken = variants.some((variant) => variant.base === line.base && sameValues(variant.swept, swept));
    return taken ? [] : [{ ...entry, base: line.base, swept }];
  });
}

function namesOf({ swept }: Entry): SweptName[] {
  return Object.keys(swept) as SweptName[];
}

/** It has a value of everything that was swept, and is like the variant in all else. */
function differsOnlyIn(variant: Entry, { settings }: Entry): boolean {
  const names = namesOf(variant);
  if (names.some((name) => typeof settings[name] !== "number")) return false;
  return sameValues(without(variant.settings, names), without(settings, names));
}

function valuesOf(settings: MethodSettings, names: readonly SweptName[]): Swept {
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

function without(settings: MethodSettings, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)));
}

/** Whatever the order of their keys. */
function sameValues(a: object, b: object): boolean {
  const written = (given: object): string => JSON.stringify(Object.entries(given).sort(([x], [y]) => (x < y ? -1 : 1)));
  return written(a) === written(b);
}

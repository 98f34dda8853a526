/** What a schema asks of strings. */
import { formatRule } from "./formats.js";
import { MAX_REPETITION } from "./gbnf-reader.js";
import { canRepeat, sequence, times } from "./gbnf-text.js";
import type { Keywords } from "./keywords.js";
import { patternBody } from "./pattern.js";
import type { Rules } from "./rules.js";
import { schemaInvalid } from "./schema-error.js";

interface Said {
  readonly text: string;
  readonly place: string;
}

export interface StringConstraints {
  /** In code points. */
  readonly min: number;
  readonly max: number;
  readonly patterns: readonly Said[];
  readonly formats: readonly Said[];
  /** Of a bound of the length. */
  readonly place: string;
}

export const ANY_STRING: StringConstraints = { min: 0, max: Number.POSITIVE_INFINITY, patterns: [], formats: [], place: "#" };
export const STRING_KEYWORDS = ["minLength", "maxLength", "pattern", "format"];

export function readStrings(keywords: Keywords): StringConstraints {
  const said = (name: string) => {
    const text = keywords.text(name);
    return text === undefined ? [] : [{ text, place: keywords.at(name) }];
  };
  return {
    min: keywords.count("minLength") ?? 0,
    max: keywords.count("maxLength") ?? Number.POSITIVE_INFINITY,
    patterns: said("pattern"),
    formats: said("format"),
    place: keywords.at(keywords.has("maxLength") ? "maxLength" : "minLength"),
  };
}

export function bothStrings(a: StringConstraints, b: StringConstraints): StringConstraints {
  return {
    min: Math.max(a.min, b.min),
    max: Math.min(a.max, b.max),
    patterns: distinct([...a.patterns, ...b.patterns]),
    formats: distinct([...a.formats, ...b.formats]),
    place: b.min > 0 || b.max < Number.POSITIVE_INFINITY ? b.place : a.place,
  };
}

function distinct(said: readonly Said[]): Said[] {
  return said.filter(({ text }, i) => said.findIndex((each) => each.text === text) === i);
}

export function hasLength(value: string, { min, max }: StringConstraints): boolean {
  const length = Array.from(value).length;
  return length >= min && length <= max;
}

/** A rule's body, or undefined where no string fits. */
export function stringBody(constraints: StringConstraints, rules: Rules): string | undefined {
  const { min, max, patterns, formats, place } = constraints;
  if (min > max) return undefined;
  const bounded = min > 0 || max < Number.POSITIVE_INFINITY;
  const [first, second] = [...patterns, ...formats];
  if (second !== undefined || (first !== undefined && bounded)) {
    throw schemaInvalid(second?.place ?? place, `only one of pattern, format and length can be kept; ${advice(patterns.length > 0)}`);
  }
  if (formats.length > 0) return sequence('"\\""', formatRule(first.text, first.place, rules), '"\\""');
  if (patterns.length > 0) return sequence('"\\""', patternBody(first.text, first.place, rules), '"\\""');
  if (!bounded) return rules.builtin("string");
  if (!canRepeat(min, max)) {
    throw schemaInvalid(
      place,
      `lengths above ${MAX_REPETITION} cannot be kept, for llama.cpp counts no further; leave it out, and limit the tokens`,
    );
  }
  return sequence('"\\""', times(rules.builtin("char"), min, max), '"\\""');
}

function advice(pattern: boolean): string {
  return pattern ? "write the lengths into the pattern, as {2,5}, or leave one out" : "leave one out";
}

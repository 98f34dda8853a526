/** What a schema asks of numbers. */

import { sequence } from "./gbnf-text.js";
import type { Keywords } from "./keywords.js";
import { type Edge, fraction, group, integers, naturals } from "./ranges.js";
import type { Rules } from "./rules.js";
import { schemaInvalid } from "./schema-error.js";

export interface Limit {
  readonly value: number;
  /** The value itself is excluded. */
  readonly open: boolean;
  readonly place: string;
}

export interface NumberConstraints {
  readonly integer: boolean;
  readonly low: Limit | undefined;
  readonly high: Limit | undefined;
}

export const ANY_NUMBER: NumberConstraints = { integer: false, low: undefined, high: undefined };
export const NUMBER_KEYWORDS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/** Two numbers of at most so many digits are never read as the same double. */
const EXACT_DIGITS = 15;

export function readNumbers(keywords: Keywords): NumberConstraints {
  const step = keywords.number("multipleOf");
  if (step !== undefined && step !== 1) {
    throw schemaInvalid(
      keywords.at("multipleOf"),
      `multiples of ${step} cannot be kept by a grammar; only 1 can. Leave it out, or list the values as enum`,
    );
  }
  const limit = (name: string): Limit | undefined => {
    const value = keywords.number(name);
    return value === undefined ? undefined : { value, open: name.startsWith("exclusive"), place: keywords.at(name) };
  };
  return {
    integer: step === 1,
    low: tighter(limit("minimum"), limit("exclusiveMinimum"), 1),
    high: tighter(limit("maximum"), limit("exclusiveMaximum"), -1),
  };
}

export function bothNumbers(a: NumberConstraints, b: NumberConstraints): NumberConstraints {
  return { integer: a.integer || b.integer, low: tighter(a.low, b.low, 1), high: tighter(a.high, b.high, -1) };
}

function tighter(a: Limit | undefined, b: Limit | undefined, sign: 1 | -1): Limit | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.value === b.value) return a.open ? a : b;
  return a.value * sign > b.value * sign ? a : b;
}

export function isWithin(value: number, { integer, low, high }: NumberConstraints): boolean {
  if (integer && !Number.isInteger(value)) return false;
  if (low !== undefined && (low.open ? value <= low.value : value < low.value)) return false;
  return high === undefined || (high.open ? value < high.value : value <= high.value);
}

/** No number is within both. */
export function numbersApart(a: NumberConstraints, b: NumberConstraints): boolean {
  const { low, high } = bothNumbers(a, b);
  return low !== undefined && high !== undefined && (low.value > high.value || (low.value === high.value && (low.open || high.open)));
}

/** A rule's body, or undefined where no number fits. */
export function numberBody(constraints: NumberConstraints, rules: Rules): string | undefined {
  const { integer, low, high } = constraints;
  if (low === undefined && high === undefined) return rules.builtin(integer ? "integer" : "number");
  return integer ? integers(integerBound(low, 1), integerBound(high, -1)) : realBody(low, high);
}

function integerBound(limit: Limit | undefined, sign: 1 | -1): bigint | undefined {
  if (limit === undefined) return undefined;
  const rounded = sign > 0 ? Math.ceil(limit.value) : Math.floor(limit.value);
  if (!limit.open || rounded !== limit.value) return BigInt(rounded);
  if (!Number.isSafeInteger(rounded))
    throw schemaInvalid(limit.place, "an excluded bound beyond 2^53 cannot be kept; include it, or leave it out");
  return BigInt(rounded + sign);
}

/** Numbers without an exponent: "-", a magnitude, and the other way round. */
function realBody(low: Limit | undefined, high: Limit | undefined): string | undefined {
  const [from, to] = [low && magnitudeOf(low), high && magnitudeOf(high)];
  const whole = Math.max(1, ...[from, to].flatMap((each) => (each ? [each.whole.length] : [])));
  const places = EXACT_DIGITS - whole;
  for (const [limit, magnitude] of [[low, from] as const, [high, to] as const]) {
    if (limit && magnitude && magnitude.digits.length > places) {
      throw schemaInvalid(
        limit.place,
        `the bound ${limit.value} has more digits than can be kept (${EXACT_DIGITS} together with the other's); round it`,
      );
    }
  }
  const parts: string[] = [];
  // Of "-0" and "0" only the latter is written.
  const aboveZero = { whole: "0", digits: "", open: true, negative: false };
  if (from === undefined || from.negative) {
    const upTo = to?.negative ? to : aboveZero;
    const magnitudes = reals(upTo, from, places);
    if (magnitudes.length > 0) parts.push(sequence('"-"', group(magnitudes)));
  }
  if (to === undefined || !to.negative) parts.push(...reals(from?.negative ? undefined : from, to, places));
  return parts.length === 0 ? undefined : parts.join(" | ");
}

interface Magnitude extends Edge {
  readonly whole: string;
  readonly negative: boolean;
}

/** Numbers from `low`, or 0, to `high`, or 15 digits. */
function reals(low: Magnitude | undefined, high: Magnitude | undefined, places: number): string[] {
  const from = BigInt(low?.whole ?? 0);
  const to = high === undefined ? 10n ** BigInt(EXACT_DIGITS) - 1n : BigInt(high.whole);
  const parts: string[] = [];
  const add = (whole: readonly string[], lowEdge: Edge | undefined, highEdge: Edge | undefined) => {
    const digits = fraction(lowEdge, highEdge, places);
    if (whole.length > 0 && digits !== undefined) parts.push(sequence(group(whole), digits));
  };
  if (from > to) return parts;
  if (from === to) add([`"${from}"`], low, high);
  else {
    const first = low === undefined ? from : from + 1n;
    const last = high === undefined ? to : to - 1n;
    if (low !== undefined) add([`"${from}"`], low, undefined);
    if (first <= last) add(naturals(first, last), undefined, undefined);
    if (high !== undefined) add([`"${to}"`], undefined, high);
  }
  return parts;
}

/** A bound's digits before and after the point, as JavaScript writes it. */
function magnitudeOf({ value, open, place }: Limit): Magnitude {
  const [, mantissa = "", fractionPart = "", exponent = "0"] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(Math.abs(value))) ?? [];
  const point = mantissa.length + Number(exponent);
  if (point > EXACT_DIGITS || point < -EXACT_DIGITS)
    throw schemaInvalid(place, `the bound ${value} is too large or too small to be kept; leave it out`);
  const digits = mantissa + fractionPart;
  const padded = point > 0 ? digits.padEnd(point, "0") : "0".repeat(1 - point) + digits;
  const cut = Math.max(1, point);
  return {
    whole: padded.slice(0, cut).replace(/^0+(?=\d)/, ""),
    digits: padded.slice(cut).replace(/0+$/, ""),
    open,
    negative: value < 0,
  };
}

/** Filters of numbers. */
import type { Given } from "./arguments.js";
import { TemplateError } from "./errors.js";
import { type Filter, filter } from "./filter.js";
import { Text } from "./text.js";
import { Float, firstOf, numberOf, typeName, Undefined, type Value } from "./values.js";

export const NUMBER_FILTERS: readonly (readonly [string, Filter])[] = [
  filter("abs", [], (value) => {
    if (value instanceof Undefined) return value.fail();
    const number = numberOf(value);
    if (number === undefined) throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`);
    return like(value, Math.abs(number));
  }),
  filter("int", ["default", "base"], (value, given) => firstOf(integerOf(value, given.integer("base", 10)), given.or("default", 0))),
  filter("float", ["default"], (value, given) => {
    const number = floatOf(value);
    return number === undefined ? given.or("default", new Float(0)) : new Float(number);
  }),
  filter("round", ["precision", "method"], round),
];

/** An integer stays one. */
function like(value: Value, number: number): Value {
  return value instanceof Float ? new Float(number) : number;
}

/** Python's int(): undefined for what is none. */
function integerOf(value: Value, base: number): number | undefined {
  if (value instanceof Undefined) return value.fail();
  const number = numberOf(value);
  if (number !== undefined) return Number.isFinite(number) ? Math.trunc(number) : undefined;
  if (!(value instanceof Text)) return undefined;
  return (
    integerIn(
      value.value
        .trim()
        .toLowerCase()
        .replace(/(?<=[\da-z])_(?=[\da-z])/g, ""),
      base,
    ) ?? truncated(value.value)
  );
}

function integerIn(text: string, base: number): number | undefined {
  const [, sign, body = ""] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  const prefix = { 2: "0b", 8: "0o", 16: "0x" }[base];
  const digits = prefix !== undefined && body.startsWith(prefix) ? body.slice(2) : body;
  const valid = digits !== "" && [...digits].every((digit) => /[\da-z]/.test(digit) && Number.parseInt(digit, 36) < base);
  return valid ? Number.parseInt(digits, base) * (sign === "-" ? -1 : 1) || 0 : undefined;
}

/** "42.9" is 42. */
function truncated(text: string): number | undefined {
  const number = floatIn(text);
  return number !== undefined && Number.isFinite(number) ? Math.trunc(number) : undefined;
}

function floatOf(value: Value): number | undefined {
  if (value instanceof Undefined) return value.fail();
  return value instanceof Text ? floatIn(value.value) : numberOf(value);
}

function floatIn(text: string): number | undefined {
  const word = text.trim().toLowerCase();
  const special = /^([-+]?)(inf|infinity|nan)$/.exec(word);
  if (special) return special[2] === "nan" ? Number.NaN : special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[-+]?\d+)?$/.test(word) ? Number(word.replaceAll("_", "")) : undefined;
}

function round(value: Value, given: Given): Value {
  const number = value instanceof Undefined ? value.fail() : numberOf(value);
  if (number === undefined) throw new TemplateError(`type ${typeName(value)} doesn't define __round__ method`);
  const [precision, method] = [given.integer("precision", 0), given.text("method", "common").value];
  if (!["common", "ceil", "floor"].includes(method)) throw new TemplateError("method must be common, ceil or floor");
  if (method === "common") return like(value, roundHalfEven(number, precision));
  const scale = 10 ** precision;
  return new Float((method === "ceil" ? Math.ceil(number * scale) : Math.floor(number * scale)) / scale);
}

/** Python rounds the exact value; of two that are as near, to the even one. */
function roundHalfEven(value: number, precision: number): number {
  if (!Number.isFinite(value)) return value;
  if (precision <= 0) {
    const scale = 10 ** -precision;
    const [scaled, low] = [value / scale, Math.floor(value / scale)];
    const up = scaled - low > 0.5 || (scaled - low === 0.5 && low % 2 !== 0);
    return (up ? low + 1 : low) * scale;
  }
  // Twenty more digits than asked for show on which side of the middle the exact value lies.
  const places = Math.min(100, precision + 20);
  const exact = Math.abs(value).toFixed(places);
  const [cut, rest] = [exact.slice(0, exact.length - (places - precision)), exact.slice(exact.length - (places - precision))];
  const middle = `5${"0".repeat(rest.length - 1)}`;
  const up = rest > middle || (rest === middle && Number(cut.at(-1)) % 2 !== 0);
  const low = Number(cut);
  return Math.sign(value) * (up ? Number((low + 10 ** -precision).toFixed(precision)) : low);
}

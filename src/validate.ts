/** Checks of single option values. Every refusal reads "NAME must be WHAT, got VALUE" and carries OPTION_INVALID and the option. */
import { ArgsearchError } from "./errors.js";

/** `name` is what the message begins with, `option` what it is about, if that is not the name itself. */
export function invalid(name: string, expected: string, value: unknown, option = name): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", `${name} must be ${expected}, got ${show(value)}`, { option });
}

export interface Range {
  min: number;
  max: number;
  /** The minimum itself is refused. */
  above?: boolean;
  /** What the maximum stands for, or another hint: said in parentheses. */
  note?: string;
}

export function integer(name: string, value: unknown, range: Range): number {
  if (typeof value === "number" && Number.isInteger(value) && inside(value, range)) return value;
  throw invalid(name, `an integer ${between(range)}`, value);
}

export function number(name: string, value: unknown, range: Range): number {
  if (typeof value === "number" && Number.isFinite(value) && inside(value, range)) return value;
  throw invalid(name, `a number ${between(range)}`.trimEnd(), value);
}

export function finite(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalid(name, "a finite number", value);
}

export function oneOf<const T extends string | false>(name: string, value: unknown, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw invalid(name, list(choices.map((each) => JSON.stringify(each))), value);
  return choice;
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw invalid(name, "true or false", value);
}

export function nonEmptyText(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalid(name, "a non-empty string", value);
}

export function callback<T>(name: string, value: T): T & {} {
  if (typeof value === "function") return value;
  throw invalid(name, "a function", value);
}

export function abortSignal(name: string, value: unknown): AbortSignal {
  if (value instanceof AbortSignal) return value;
  throw invalid(name, "an AbortSignal", value);
}

/** @param why they may not be given, behind the name @throws ArgsearchError OPTION_INVALID naming the first that is */
export function requireNone(option: string, options: Record<string, unknown>, why: string): void {
  const name = Object.keys(options).find((each) => options[each] !== undefined);
  if (name === undefined) return;
  throw new ArgsearchError("OPTION_INVALID", `${option}.${name} ${why}`, { option: `${option}.${name}` });
}

export function plainObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(name, "an object", value);
}

/** Refuses names that are not options, with the nearest one that is. Values of undefined count as not given. */
export function onlyKnown(what: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const help = near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
    throw new ArgsearchError("OPTION_INVALID", `${what} has no option ${JSON.stringify(name)}; ${help}`, { option: name });
  }
}

/** A value as it appears in a message: short, and never an object's contents. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

function inside(value: number, { min, max, above }: Range): boolean {
  return (above ? value > min : value >= min) && value <= max;
}

function between({ min, max, above, note }: Range): string {
  const low = above ? `above ${min}` : `from ${min}`;
  const high = max === Number.POSITIVE_INFINITY ? "" : ` ${above ? "and up to" : "to"} ${max}`;
  return `${low}${high}${note ? ` (${note})` : ""}`;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;
}

/** The known name within two edits, or the same letters in another case. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const scored = known.map((each) => ({ each, distance: editDistance(lower, each.toLowerCase()) }));
  scored.sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  return best && best.distance <= Math.min(2, Math.floor(name.length / 2)) ? best.each : undefined;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Names of an options type, complete by construction. */
export type Names<T> = Record<keyof T, true>;

/** The value checked, or the default where none was given. */
export function given<T, R>(value: T | undefined, otherwise: R, check: (value: T) => R): R {
  return value === undefined ? otherwise : check(value);
}

/** Refuses what is no plain object and names that `names` lacks; `what` takes the options. @throws ArgsearchError OPTION_INVALID */
export function checkNames(what: string, options: unknown, names: Record<string, true>): void {
  onlyKnown(what, plainObject(`the options of ${what}`, options), Object.keys(names));
}

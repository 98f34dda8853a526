/** What a flag's text becomes. Strict: "10x", "" and "NaN" are refused, ranges are the library's to check. */
import { existsSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import type { RewardTerm } from "../../index.js";

/** The weight of one label, with the place of the reward model it belongs to. */
export interface LabelWeight {
  /** Index among the --reward flags. */
  reward: number;
  name: string;
  weight: number;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;

/** The number that a text is, all of it; undefined if it is none. */
export function parseNumber(text: string): number | undefined {
  const value = Number(text);
  return NUMBER.test(text) && Number.isFinite(value) ? value : undefined;
}

export function number(text: string): number {
  const value = parseNumber(text);
  if (value === undefined) throw new InvalidArgumentError(`Not a number: "${text}".`);
  return value;
}

export function integer(text: string): number {
  const value = Number(text);
  if (!INTEGER.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError(`Not a whole number: "${text}".`);
  return value;
}

/** Seconds are what people type. */
export function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** Collects a flag that may be given several times. */
export function list(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}

/** What is hard to type in a shell. Any other backslash is one. */
const ESCAPE = /\\(?:([ntr\\])|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]+)\})/g;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\" };

/** How the help tells of them. */
export const ESCAPES = "\\n, \\t, \\r, \\\\, \\xNN and \\u{…} are escapes";

/** Collects texts that may hold escapes. */
export function escapedTexts(text: string, previous: string[] = []): string[] {
  return list(
    text.replace(ESCAPE, (typed, letter?: string, byte?: string, point?: string) => {
      return (letter && ESCAPED[letter]) ?? character(typed, Number.parseInt(byte ?? point ?? "", 16));
    }),
    previous,
  );
}

function character(typed: string, point: number): string {
  if (point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) return String.fromCodePoint(point);
  throw new InvalidArgumentError(`"${typed}" is no character.`);
}

/** `NAME,NAME`. */
export function names(text: string): string[] {
  const all = text.split(",").map((name) => name.trim());
  if (all.includes("")) throw new InvalidArgumentError(`A name is missing in "${text}".`);
  return all;
}

/** `N`, or `N-M`. */
export function rowOrTwo(text: string): number | [number, number] {
  const [, first, second] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (first === undefined) throw new InvalidArgumentError(`Expected a row's number, or two as N-M, got "${text}".`);
  return second === undefined ? integer(first) : [integer(first), integer(second)];
}

/** `PATH` or `PATH=WEIGHT`. A file whose whole name is the text wins: a path may hold "=" itself. */
export function rewardTerm(text: string, previous: RewardTerm[] = []): RewardTerm[] {
  const split = text.lastIndexOf("=");
  if (split < 0 || existsSync(text)) return [...previous, { reward: text }];
  const [path, weight] = [text.slice(0, split), text.slice(split + 1)];
  if (path === "") throw new InvalidArgumentError(`No file before "${text}".`);
  return [...previous, { reward: path, weight: weightOf(weight, ` There is no file "${text}".`) }];
}

/** `NAME=WEIGHT`, for the reward model at `reward`. */
export function labelWeight(text: string, reward: number, previous: LabelWeight[] = []): LabelWeight[] {
  const split = text.lastIndexOf("=");
  if (split < 1) throw new InvalidArgumentError(`Expected NAME=WEIGHT, got "${text}".`);
  return [...previous, { reward, name: text.slice(0, split), weight: weightOf(text.slice(split + 1)) }];
}

function weightOf(text: string, otherwise = ""): number {
  const value = parseNumber(text);
  if (value === undefined) throw new InvalidArgumentError(`A weight is a number, such as 0.7 or -1, not "${text}".${otherwise}`);
  return value;
}

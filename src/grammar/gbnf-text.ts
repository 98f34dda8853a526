/** Pieces of GBNF. */
import { MAX_REPETITION } from "./gbnf-reader.js";

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
  "]": "\\]",
  "-": "\\-",
};

/** `text` in quotes. */
export function literal(text: string): string {
  return `"${text.replace(/["\\\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, escaped)}"`;
}

/** Between brackets: one character of a class. */
export function classCharacter(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return character === "^" ? hex(codePoint) : character.replace(/["\\\]\-\p{Cc}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u, escaped);
}

function escaped(character: string): string {
  return ESCAPES[character] ?? hex(character.codePointAt(0) ?? 0);
}

function hex(codePoint: number): string {
  const digits = codePoint.toString(16).toUpperCase();
  if (codePoint <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return codePoint <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}

/** `symbol`, one name, literal, class or group, that often; `max` may be Infinity. Nothing where `max` is 0. */
export function times(symbol: string, min: number, max: number): string {
  if (max === 0) return "";
  if (min === 1 && max === 1) return symbol;
  if (min === 0 && max === 1) return `${symbol}?`;
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? `${symbol}*` : min === 1 ? `${symbol}+` : `${symbol}{${min},}`;
  return `${symbol}{${min === max ? min : `${min},${max}`}}`;
}

/** Whether llama.cpp repeats anything that often. */
export function canRepeat(min: number, max: number): boolean {
  return min <= MAX_REPETITION && (max <= MAX_REPETITION || max === Number.POSITIVE_INFINITY);
}

/** Elements after each other; empty ones vanish. */
export function sequence(...elements: readonly string[]): string {
  return elements.filter((element) => element !== "").join(" ");
}

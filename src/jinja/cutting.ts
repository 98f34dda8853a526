/** Texts cut up, stripped and put together again, as Python's str does. */
import { TemplateError } from "./errors.js";
import { SPACE } from "./lexer.js";
import { characterCount } from "./sequences.js";
import { requireRoom, Text } from "./text.js";

const LEADING = new RegExp(`^[${SPACE}]+`);
const IS_SPACE = new RegExp(`^[${SPACE}]$`);
const WORD = new RegExp(`[^${SPACE}]+`, "g");
const ENDS = "\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029";
const LINE_END = new RegExp(`\\r\\n|[${ENDS}]`, "g");

/** Without characters of the set, or whitespace, at its ends. */
export function strip(text: Text, set: Text | null, side: "left" | "right" | "both" = "both"): Text {
  const { value } = text;
  const start = side === "right" ? 0 : set === null ? (LEADING.exec(value)?.[0].length ?? 0) : leading(value, set.value);
  if (start === value.length) return new Text("");
  const end = side === "left" ? value.length : set === null ? endWithoutSpaces(value) : trailing(value, set.value);
  return text.slice(start, end);
}

export function endWithoutSpaces(value: string): number {
  // A pattern for the end would try every run of spaces inside the text.
  let end = value.length;
  while (end > 0 && IS_SPACE.test(value[end - 1] as string)) end--;
  return end;
}

function leading(value: string, set: string): number {
  let at = 0;
  for (const character of value) {
    if (!set.includes(character)) break;
    at += character.length;
  }
  return at;
}

function trailing(value: string, set: string): number {
  let end = value.length;
  while (end > 0) {
    const low = /[\udc00-\udfff]/.test(value[end - 1] as string) && end > 1 ? 2 : 1;
    if (!set.includes(value.slice(end - low, end))) break;
    end -= low;
  }
  return end;
}

/** Most splits below 0: all. */
export function split(text: Text, separator: Text | null, most: number): Text[] {
  const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
  if (separator === null) return splitWords(text, limit);
  requireSeparator(separator);
  const parts: Text[] = [];
  let at = 0;
  while (parts.length < limit) {
    const found = text.value.indexOf(separator.value, at);
    if (found < 0) break;
    parts.push(text.slice(at, found));
    at = found + separator.value.length;
  }
  return [...parts, text.slice(at)];
}

function splitWords(text: Text, limit: number): Text[] {
  const parts: Text[] = [];
  for (const { 0: word, index } of text.value.matchAll(WORD)) {
    if (parts.length >= limit) return [...parts, text.slice(index)];
    parts.push(text.slice(index, index + word.length));
  }
  return parts;
}

export function rsplit(text: Text, separator: Text | null, most: number): Text[] {
  if (most < 0) return split(text, separator, most);
  const parts: Text[] = [];
  let rest = separator === null ? strip(text, null, "right") : text;
  while (parts.length < most) {
    const [end, start] = separator === null ? lastSpaces(rest.value) : lastSeparator(rest.value, separator);
    if (end < 0) break;
    parts.unshift(rest.slice(start));
    rest = rest.slice(0, end);
  }
  return separator === null && rest.value === "" ? parts : [rest, ...parts].filter((part) => separator !== null || part.value !== "");
}

/** Where the last run of spaces begins and ends. */
function lastSpaces(value: string): [number, number] {
  const found = [...value.matchAll(WORD)].at(-1);
  if (found === undefined || found.index === 0) return [-1, -1];
  return [endWithoutSpaces(value.slice(0, found.index)), found.index];
}

function lastSeparator(value: string, separator: Text): [number, number] {
  requireSeparator(separator);
  const found = value.lastIndexOf(separator.value);
  return [found, found + separator.value.length];
}

function requireSeparator({ value }: Text): void {
  if (value === "") throw new TemplateError("empty separator");
}

export function splitLines(text: Text, keepEnds: boolean): Text[] {
  const lines: Text[] = [];
  let at = 0;
  for (const { 0: end, index } of text.value.matchAll(LINE_END)) {
    lines.push(text.slice(at, keepEnds ? index + end.length : index));
    at = index + end.length;
  }
  return at < text.value.length ? [...lines, text.slice(at)] : lines;
}

export function partition(text: Text, separator: Text, last: boolean): [Text, Text, Text] {
  requireSeparator(separator);
  const found = last ? text.value.lastIndexOf(separator.value) : text.value.indexOf(separator.value);
  const empty = new Text("");
  if (found < 0) return last ? [empty, empty, text] : [text, empty, empty];
  const end = found + separator.value.length;
  return [text.slice(0, found), text.slice(found, end), text.slice(end)];
}

/** Most replacements below 0: all. */
export function replace(text: Text, old: Text, by: Text, most: number): Text {
  const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
  const parts: Text[] = [];
  let [at, from, done, size] = [0, 0, 0, text.value.length];
  while (done < limit) {
    const found = text.value.indexOf(old.value, from);
    if (found < 0 || from > text.value.length) break;
    parts.push(text.slice(at, found), by);
    size += by.value.length - old.value.length;
    requireRoom(size);
    at = found + old.value.length;
    // Nothing stands before every character, and at the end.
    from = old.value === "" ? found + characterLength(text.value, found) : at;
    done++;
  }
  return parts.length === 0 ? text : Text.join([...parts, text.slice(at)]);
}

function characterLength(value: string, at: number): number {
  return (value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** `where`: on which side the text stays. */
export function pad(text: Text, width: number, where: "left" | "right" | "center", fill: Text): Text {
  const missing = Math.max(0, width - characterCount(text.value));
  // As CPython: of an odd number the left side gets the larger half where the width is odd.
  const half = Math.floor(missing / 2) + (missing & width & 1);
  const left = where === "left" ? 0 : where === "right" ? missing : half;
  const filled = (count: number): Text => Text.join(Array.from({ length: count }, () => fill));
  return Text.join([filled(left), text, filled(missing - left)]);
}
